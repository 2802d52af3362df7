// What a file leaves that was compiled with settings that this machine has no library for.
__asm__(
    ".pushsection .note.manta,\"aR\",%note\n"
    ".balign 4\n"
    ".long 6, 2f - 1f, 1\n"
    ".asciz \"Manta\"\n"
    ".balign 4\n"
    "1: .asciz \"standard library of another kind\"\n"
    "2: .balign 4\n"
    ".popsection\n");
