"""lldb_one.py SERVER API FILE ARGUMENTS... - one file of LLDB's own testsuite with SERVER in the
place of lldb-server. Prints a line a method: PASS, or what else became of it, and Class.method.

API is lldb/test/API of LLVM's sources, ARGUMENTS are dotest's. The suite's files stay as they are;
what must be otherwise (which server is started, no logs, no variants by debug format) is done to
its objects once they are loaded."""

import os
import sys
import unittest

server, api, name = sys.argv[1:4]
arguments = sys.argv[4:]
os.environ["LLDB_DEBUGSERVER_PATH"] = server  # what liblldb starts

sys.path.insert(0, api)
import use_lldb_suite  # noqa: F401, it sets the path of what follows
from lldbsuite.test import configuration, dotest, test_result

OUTCOMES = {
    "addSuccess": "PASS",
    "addFailure": "FAIL",
    "addError": "ERROR",
    "addCleanupError": "ERROR",
    "addExpectedFailure": "XFAIL",
    "addUnexpectedSuccess": "XPASS",
    "addSkip": "SKIP",
}


def tell(method, outcome):
    told = getattr(test_result.LLDBTestResult, method)

    def telling(self, test, *rest):
        print(outcome, ".".join(test.id().split(".")[-2:]), flush=True)
        return told(self, test, *rest)

    setattr(test_result.LLDBTestResult, method, telling)


for method, outcome in OUTCOMES.items():
    tell(method, outcome)


def use_server(prepared=dotest.setupSysPath):
    prepared()
    import gdbremote_testcase
    import lldbgdbserverutils

    lldbgdbserverutils._get_support_exe = lambda what: server if what == "lldb-server" else None
    gdbremote_testcase.GdbRemoteTestCaseBase.setUpServerLogging = lambda self, is_llgs: None


dotest.setupSysPath = use_server
dotest.checkLibcxxSupport = lambda: configuration.skip_categories.append("libc++")
dotest.checkLibstdcxxSupport = lambda: None

all_names = unittest.TestLoader.getTestCaseNames


def plain_names(self, case):
    variants = ("_debugserver", "_dsym", "_dwo", "_gmodules")
    return [n for n in all_names(self, case) if not n.endswith(variants)]


unittest.TestLoader.getTestCaseNames = plain_names

path = os.path.join(api, name)
sys.argv = ["dotest.py"] + arguments + ["-p", os.path.basename(path) + "$", os.path.dirname(path)]
dotest.run_suite()
