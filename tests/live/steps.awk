# steps.awk - a scripted session: makes the debugger's commands, then checks what it answered.
#   MARKER='... @NAME@' awk -v mode=commands -f steps.awk STEPS
#   awk -v mode=check -v who='gdb 13' -f steps.awk STEPS OUTPUT
# STEPS: `== NAME [FEATURE]` opens a step; `? ERE` must be found in what it printed (where a line's
# end is an ordinary character), `! ERE` must not; `#` is a comment; anything else is a command. A
# step whose FEATURE is not among -v features, or that -v without names, is skipped.

function is_wanted(name, feature) {
	if (index(" " without " ", " " name " "))
		return 0
	return feature == "" || index(" " features " ", " " feature " ")
}
function mark(name, line) {
	line = ENVIRON["MARKER"]
	sub(/@NAME@/, name, line)
	return line
}
function check(name, i, seen, why) {
	if (name == "" || !(name in wants))
		return
	why = ""
	for (i = 1; i <= wants[name]; i++) {
		if (kind[name, i] == "?" && said[name] !~ ere[name, i])
			why = why " missing /" ere[name, i] "/"
		if (kind[name, i] == "!" && said[name] ~ ere[name, i])
			why = why " unwanted /" ere[name, i] "/"
	}
	if (!(name in reached))
		why = " never reached"
	if (why == "") {
		print "ok " who ": " name
		return
	}
	failed = 1
	seen = said[name]
	gsub(/\n/, " | ", seen)
	print "not ok " who ": " name " (" substr(why, 2) "; seen: " substr(seen, 1, 600) ")"
}

NR == FNR && /^== / {
	step = $2
	feature = $3
	gsub(/[][]/, "", feature)
	wanted = is_wanted(step, feature)
	if (mode == "commands" && wanted)
		print mark(step)
	if (mode == "check" && !wanted)
		print "skip " who ": " step (feature == "" ? " (left out)" : " (no " feature ")")
	if (mode == "check" && wanted) {
		order[++steps] = step
		wants[step] = 0
	}
	next
}
NR == FNR && /^[?!] / {
	kind[step, ++wants[step]] = substr($0, 1, 1)
	ere[step, wants[step]] = substr($0, 3)
	next
}
NR == FNR {
	if (mode == "commands" && wanted && $0 != "" && !/^#/)
		print
	next
}
/@@ [^ ]+$/ {
	step = $NF
	reached[step] = 1
	next
}
{
	said[step] = said[step] $0 "\n"
}
END {
	for (i = 1; mode == "check" && i <= steps; i++)
		check(order[i])
	exit failed
}
