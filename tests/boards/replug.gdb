compare-sections .text
compare-sections .rom
tbreak bake
continue
tbreak rom_double
continue
detach
