//! The code that runs inside the program, and the words that it shares with the recorder.
//!
//! A stub (see [`super::code`]) brings a thread here with the registers of its system call, and in `rcx`
//! the address behind the stub's own `syscall` instruction. The hook makes the call, writes a record of
//! it into the thread's ring and goes back as the kernel would. It uses no stack but 8 bytes of the
//! thread's [`area`], no vector register, and no memory of the program's but what it copies.
//!
//! `gs` leads to the area. A thread that must not use its area has another one whose `ENTRY` is
//! [`bypass`](Labels::bypass), which makes the call from the stub, where the filter stops it.
//!
//! Whatever happens in here, a signal or a fault, the tracer can take over: it sees where the thread
//! stands, and the area has all registers (see [`super::registers`]).

/// Where the hook's code is in every process.
pub const BASE: u64 = 0x7e90_0000_0000;
/// Where the table of calls is.
pub const TABLE: u64 = BASE + 0x1000;
/// Where the shared counter of order ids is.
pub const CONTROL: u64 = BASE + 0x40_0000;
/// Where the first area is.
pub const AREAS: u64 = BASE + 0x80_0000;
/// From one area to the next.
pub const AREA_STRIDE: u64 = 0x80_0000;
/// Where in an area its ring is.
pub const RING: u64 = 0x40_0000;
/// Bytes of a ring; a power of two.
pub const RING_SIZE: u64 = 0x40_0000;
/// The largest record that goes through a ring.
pub const LARGEST_RECORD: u64 = 0x10_0000;

/// Calls that the table has room for.
pub const CALLS: u64 = 512;
/// Bytes of a call in the table.
pub const CALL_SIZE: u64 = 4096;

/// Words of [`CONTROL`].
pub mod control {
    /// The next order id.
    pub const COUNTER: u64 = 0;
    /// Calls that no one took over when they had to be.
    pub const LOST: u64 = 64;
    /// Bytes of control.
    pub const SIZE: u64 = 4096;
}

/// Words of an area. The first few are what stubs and hook find it by.
pub mod area {
    /// Its own address.
    pub const SELF: u64 = 0;
    /// Where a stub goes: hook or bypass.
    pub const ENTRY: u64 = 8;
    /// Bytes that were ever published in the ring; written by the hook.
    pub const HEAD: u64 = 64;
    /// No order id that is about to be published is below this; all ones if none is.
    pub const BOUND: u64 = 72;
    /// Bytes that were ever taken out of the ring; written by the recorder.
    pub const TAIL: u64 = 128;
    /// Where the thread is in a call; see [`super::phase`].
    pub const PHASE: u64 = 192;
    /// Where the stub goes on.
    pub const AFTER: u64 = 200;
    /// The program's stack pointer.
    pub const RSP: u64 = 208;
    /// The program's flags, on the only stack there is.
    pub const FLAGS: u64 = 216;
    /// End of that stack.
    pub const STACK_TOP: u64 = 224;
    /// The call's entry in the table.
    pub const DESCRIBED: u64 = 232;
    /// End of what was copied at entry.
    pub const EARLY_END: u64 = 240;
    /// Head after this record.
    pub const NEW_HEAD: u64 = 248;
    /// The call's number; here begins what a record starts with.
    pub const NUMBER: u64 = 256;
    /// Order id taken at entry.
    pub const CALLED: u64 = 264;
    /// Order id taken at exit.
    pub const RETURNED: u64 = 272;
    /// Time stamp counter at entry.
    pub const TIME_CALLED: u64 = 280;
    /// Time stamp counter at exit.
    pub const TIME_RETURNED: u64 = 288;
    /// What the kernel returned.
    pub const RESULT: u64 = 296;
    /// The arguments.
    pub const ARGUMENTS: u64 = 304;
    /// The return value: −1 on failure.
    pub const VALUE: u64 = 352;
    /// 1 on failure.
    pub const FAILED: u64 = 360;
    /// What has no register for a while.
    pub const SPILLED: u64 = 368;
    /// 1 if calls on some descriptors are the tracer's.
    pub const WATCHES: u64 = 376;
    /// Lengths of what is copied at exit.
    pub const LENGTHS: u64 = 384;
    /// Those descriptors, a bit each.
    pub const WATCHED: u64 = 4096;
    /// How many there are.
    pub const DESCRIPTORS: u64 = 1024;
    /// What was copied at entry.
    pub const SCRATCH: u64 = 8192;
    /// Bytes of it.
    pub const SCRATCH_SIZE: u64 = 0x8000;
    /// Copies of what other fetches find their addresses and lengths in.
    pub const KEPT: u64 = 0x1_0000;
    /// Bytes of it.
    pub const KEPT_SIZE: u64 = 0x10_0000;
}

/// Where a thread is in a call.
pub mod phase {
    /// In none, or its record is published.
    pub const IDLE: u64 = 0;
    /// The call was entered.
    pub const ENTERED: u64 = 1;
    /// The call returned, and its record isn't published.
    pub const RETURNED: u64 = 2;
}

/// A record in a ring.
pub mod record {
    /// Words at its start: size, then `area::NUMBER` to the last argument.
    pub const HEADER_WORDS: usize = 13;
    /// In place of a size: the ring goes on at its beginning.
    pub const WRAP: u64 = u64::MAX;
    /// In place of a length: nothing was to be copied.
    pub const ABSENT: u64 = u64::MAX;
    /// In place of a length: it comes with what is copied at exit.
    pub const DEFERRED: u64 = u64::MAX - 1;
}

/// Words of a call in the table, and of its fetches.
pub mod call {
    /// 32 bits: 0 if calls of this number are left to the tracer.
    pub const KIND: u64 = 0;
    /// 16 bits: fetches at entry.
    pub const EARLY: u64 = 4;
    /// 16 bits: fetches at exit.
    pub const LATE: u64 = 6;
    /// 64 bits: any of these in argument 2, and the call is left to the tracer.
    pub const GUARD_2: u64 = 8;
    /// 64 bits: the same for argument 3.
    pub const GUARD_3: u64 = 16;
    /// Twice 32 bits: which word of the area is a descriptor, if calls on some are left to the tracer; 0 for none,
    /// and [`LEFT`] for a call that is left then in any case.
    pub const ON: u64 = 24;
    /// See there.
    pub const LEFT: u32 = 1;
    /// Fetches at entry begin here.
    pub const EARLY_FETCHES: u64 = 32;
    /// Fetches at exit begin here.
    pub const LATE_FETCHES: u64 = 32 + FETCH_SIZE * MOST_EARLY;
    /// Bytes of a fetch.
    pub const FETCH_SIZE: u64 = 48;
    /// Most fetches at entry.
    pub const MOST_EARLY: u64 = 40;
    /// Most fetches at exit.
    pub const MOST_LATE: u64 = 40;
}

/// Words of a fetch in the table.
pub mod fetch {
    /// 32 bits: see below.
    pub const OP: u64 = 0;
    /// 32 bits: which word of the area is the address.
    pub const ADDRESS: u64 = 4;
    /// 32 bits: which word of the area is the length.
    pub const LENGTH: u64 = 8;
    /// 32 bits: the length itself, or what it is limited to.
    pub const LIMIT: u64 = 12;
    /// 32 bits: 0 always, 1 if `word & mask == value`, 2 if not, 3 if the mask has bit number `word`.
    pub const WHEN: u64 = 16;
    /// 32 bits: which word of the area that is.
    pub const WORD: u64 = 20;
    /// 64 bits.
    pub const MASK: u64 = 24;
    /// 64 bits.
    pub const VALUE: u64 = 32;
    /// 32 bits: where in the area a copy is kept, if it is; of vectors, their size and themselves.
    pub const KEEP: u64 = 40;
    /// 32 bits: how the length stands in its word.
    pub const WIDTH: u64 = 44;

    /// The length is all of its word.
    pub const WHOLE: u32 = 0;
    /// It is its lower half, with a sign.
    pub const SIGNED_HALF: u32 = 1;
    /// It is its lower half.
    pub const HALF: u32 = 2;

    /// A string of at most `LIMIT` bytes with its NUL.
    pub const STRING: u32 = 0;
    /// `LIMIT` bytes.
    pub const FIXED: u32 = 1;
    /// As many bytes as the word says, at most `LIMIT`.
    pub const COUNTED: u32 = 2;
    /// At entry: the same, but left to [`REST`] if they are more than [`SMALL`].
    pub const SMALL_COUNTED: u32 = 3;
    /// At exit: those that were left, if the call returned just as many, which proves them readable.
    pub const REST: u32 = 4;
    /// At entry: the size of an array of as many I/O vectors as the word says, the array and the bytes of its
    /// buffers, but left to [`VECTORS_REST`] if array or buffers are more than [`SMALL`].
    pub const VECTORS: u32 = 5;
    /// At exit: those that were left, if the call returned as many as the buffers have.
    pub const VECTORS_REST: u32 = 6;
    /// At exit: the same with as many bytes as the call returned.
    pub const FILLED_VECTORS: u32 = 7;
    /// More than this is copied when the call has returned.
    pub const SMALL: u64 = 256;
    /// More vectors no call takes (IOV_MAX).
    pub const MOST_VECTORS: u64 = 1024;
    /// Bytes that are kept of vectors.
    pub const VECTORS_KEPT: u64 = 8 + 16 * MOST_VECTORS;
}

/// The number that the hook calls when the tracer has to take over.
pub const TRAP: u64 = 0x7fff_ffff;

core::arch::global_asm!(
    r#"
    // The length of the fetch at r10, from its word: to rcx. Changes eax and edx.
    .macro recorder_agent_length
    mov edx, [r10 + {F_LENGTH}]
    mov rcx, [r11 + rdx]
    mov eax, [r10 + {F_WIDTH}]
    test eax, eax
    jz .Lrecorder_agent_length\@
    cmp eax, {SIGNED_HALF}
    movsxd rcx, ecx
    je .Lrecorder_agent_length\@
    mov ecx, ecx
.Lrecorder_agent_length\@:
    .endm

    // Copies the I/O vectors at rsi, as many as the fetch says, to where they are kept: rdx. Changes rax,
    // rcx, rsi and rdi.
    .macro recorder_agent_keep_vectors
    recorder_agent_length
    mov eax, {MOST_VECTORS}
    cmp rcx, rax
    cmova rcx, rax
    shl rcx, 4
    mov edx, [r10 + {F_KEEP}]
    add rdx, r11
    mov [rdx], rcx
    lea rdi, [rdx + 8]
    rep movsb
    .endm

    // Adds up the lengths of the vectors at rdx: to rax; what is too much goes to \over. rcx is the array's
    // size then. Changes rdx and rdi.
    .macro recorder_agent_total over
    mov rcx, [rdx]
    add rdx, 8
    lea rdi, [rdx + rcx]
    xor eax, eax
.Lrecorder_agent_next\@:
    cmp rdx, rdi
    jae .Lrecorder_agent_total\@
    add rax, [rdx + 8]
    jc \over
    add rdx, 16
    jmp .Lrecorder_agent_next\@
.Lrecorder_agent_total\@:
    .endm

    // Copies the vectors that are kept for the fetch to rdi, with their size, and then rax bytes of their
    // buffers. Changes rax, rcx, rdx, rsi and what is spilled.
    .macro recorder_agent_gather
    mov edx, [r10 + {F_KEEP}]
    lea rsi, [r11 + rdx]
    lea rdx, [rsi + 8]
    mov rcx, [rsi]
    add rcx, 8
    rep movsb
    mov [r11 + {SPILLED}], rsi
.Lrecorder_agent_gather\@:
    cmp rdx, [r11 + {SPILLED}]
    jae .Lrecorder_agent_gathered\@
    mov rsi, [rdx]
    mov rcx, [rdx + 8]
    cmp rcx, rax
    cmova rcx, rax
    sub rax, rcx
    rep movsb
    add rdx, 16
    jmp .Lrecorder_agent_gather\@
.Lrecorder_agent_gathered\@:
    add rdi, 7
    and rdi, -8
    .endm

    .pushsection .rodata.recorder_agent, "a", @progbits
    .balign 4096
    .globl recorder_agent_start
    .hidden recorder_agent_start
recorder_agent_start:

    // The call is made from the stub.
    .globl recorder_agent_bypass
    .hidden recorder_agent_bypass
recorder_agent_bypass:
    lea r11, [rcx - 2]
    jmp r11

    .balign 64
    .globl recorder_agent_hook
    .hidden recorder_agent_hook
recorder_agent_hook:
    mov r11, gs:[0]
    mov [r11 + {NUMBER}], rax
    mov [r11 + {AFTER}], rcx
    mov [r11 + {ARGUMENTS}], rdi
    mov [r11 + {ARGUMENTS} + 8], rsi
    mov [r11 + {ARGUMENTS} + 16], rdx
    mov [r11 + {ARGUMENTS} + 24], r10
    mov [r11 + {ARGUMENTS} + 32], r8
    mov [r11 + {ARGUMENTS} + 40], r9
    mov [r11 + {RSP}], rsp
    .globl recorder_agent_switching
    .hidden recorder_agent_switching
recorder_agent_switching:
    lea rsp, [r11 + {STACK_TOP}]
    .globl recorder_agent_switched
    .hidden recorder_agent_switched
recorder_agent_switched:
    pushfq
    .globl recorder_agent_saved
    .hidden recorder_agent_saved
recorder_agent_saved:
    cld
    cmp rax, {CALLS}
    jae 90f
    imul eax, eax, {CALL_SIZE}
    lea r10, [rip + recorder_agent_start + 0x1000]
    add r10, rax
    cmp dword ptr [r10 + {KIND}], 0
    je 90f
    test rdx, [r10 + {GUARD_2}]
    jnz 90f
    mov rax, [r11 + {ARGUMENTS} + 24]
    test rax, [r10 + {GUARD_3}]
    jnz 90f
    cmp qword ptr [r11 + {WATCHES}], 0
    jne 70f
19:
    mov [r11 + {DESCRIBED}], r10

    // What has to be copied before the call, into the scratch of the area: rdi is where.
    lea rdi, [r11 + {SCRATCH}]
    movzx r9d, word ptr [r10 + {EARLY}]
    add r10, {EARLY_FETCHES}
    test r9d, r9d
    jz 29f
20:
    mov eax, [r10 + {F_WHEN}]
    test eax, eax
    jz 22f
    mov edx, [r10 + {F_WORD}]
    mov rdx, [r11 + rdx]
    cmp eax, 3
    je 21f
    and rdx, [r10 + {F_MASK}]
    cmp rdx, [r10 + {F_VALUE}]
    sete dl
    cmp eax, 1
    sete al
    cmp al, dl
    jne 27f
    jmp 22f
21:
    cmp edx, 64
    jae 27f
    mov rax, [r10 + {F_MASK}]
    bt rax, rdx
    jnc 27f
22:
    mov edx, [r10 + {F_ADDRESS}]
    mov rsi, [r11 + rdx]
    test rsi, rsi
    jz 27f
    mov eax, [r10 + {F_OP}]
    cmp eax, {SMALL_COUNTED}
    je 24f
    cmp eax, {VECTORS}
    je 31f
    mov ecx, [r10 + {F_LIMIT}]
    cmp eax, {FIXED}
    je 25f
    // A string.
    lea rdx, [rdi + 8]
23:
    mov al, [rsi]
    mov [rdx], al
    inc rsi
    inc rdx
    test al, al
    jz 26f
    dec ecx
    jnz 23b
    jmp 90f
24:
    recorder_agent_length
    xor eax, eax
    test rcx, rcx
    cmovs rcx, rax
    mov eax, [r10 + {F_LIMIT}]
    cmp rcx, rax
    cmova rcx, rax
    cmp rcx, {SMALL}
    ja 28f
25:
    lea rdx, [rdi + 8 + rcx]
    mov rax, rdi
    add rdi, 8
    rep movsb
    mov rdi, rax
26:
    // The bytes end at rdx.
    mov rax, rdx
    sub rax, rdi
    sub rax, 8
    mov [rdi], rax
    mov ecx, [r10 + {F_KEEP}]
    test ecx, ecx
    jz 32f
    lea rsi, [rdi + 8]
    lea rdi, [r11 + rcx]
    mov rcx, rax
    rep movsb
32:
    lea rdi, [rdx + 7]
    and rdi, -8
    jmp 30f
    // Vectors.
31:
    mov [r11 + {SPILLED}], rdi
    recorder_agent_keep_vectors
    recorder_agent_total 90f
    mov rdi, [r11 + {SPILLED}]
    cmp rax, {SMALL}
    ja 28f
    cmp rcx, {SMALL}
    ja 28f
    lea rdx, [rax + rcx + 8]
    mov [rdi], rdx
    add rdi, 8
    recorder_agent_gather
    jmp 30f
27:
    mov qword ptr [rdi], {ABSENT}
    add rdi, 8
    cmp dword ptr [r10 + {F_OP}], {FIXED}
    jne 30f
    mov ecx, [r10 + {F_KEEP}]
    test ecx, ecx
    jz 30f
    mov rdx, rdi
    lea rdi, [r11 + rcx]
    mov ecx, [r10 + {F_LIMIT}]
    xor eax, eax
    rep stosb
    mov rdi, rdx
    jmp 30f
28:
    mov qword ptr [rdi], {DEFERRED}
    add rdi, 8
30:
    add r10, {FETCH_SIZE}
    dec r9d
    jnz 20b
29:
    mov [r11 + {EARLY_END}], rdi

    rdtsc
    shl rdx, 32
    or rax, rdx
    mov [r11 + {TIME_CALLED}], rax
    movabs r10, {CONTROL}
    mov eax, 1
    lock xadd [r10], rax
    mov [r11 + {CALLED}], rax
    mov qword ptr [r11 + {PHASE}], {ENTERED}
    mov rdi, [r11 + {ARGUMENTS}]
    mov rsi, [r11 + {ARGUMENTS} + 8]
    mov rdx, [r11 + {ARGUMENTS} + 16]
    mov r10, [r11 + {ARGUMENTS} + 24]
    mov r9, [r11 + {ARGUMENTS} + 40]
    mov rax, [r11 + {NUMBER}]
    mov rsp, [r11 + {RSP}]
    .globl recorder_agent_gadget
    .hidden recorder_agent_gadget
recorder_agent_gadget:
    syscall
    .globl recorder_agent_called
    .hidden recorder_agent_called
recorder_agent_called:
    mov r11, gs:[0]
    mov [r11 + {RESULT}], rax
    .globl recorder_agent_returned
    .hidden recorder_agent_returned
recorder_agent_returned:
    mov qword ptr [r11 + {PHASE}], {RETURNED_PHASE}
    lea rsp, [r11 + {FLAGS}]
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov [r11 + {TIME_RETURNED}], rax
    movabs rcx, {CONTROL}
    // The bound is there before the id is taken, and goes when the record is published.
    mov rax, [rcx]
    mov [r11 + {BOUND}], rax
    mov eax, 1
    lock xadd [rcx], rax
    mov [r11 + {RETURNED}], rax
    mov rax, [r11 + {RESULT}]
    xor edx, edx
    cmp rax, -4095
    jb 40f
    mov rax, -1
    inc edx
40:
    mov [r11 + {VALUE}], rax
    mov [r11 + {FAILED}], rdx

    // How much is to be copied: rsi is the record's size.
    mov r10, [r11 + {DESCRIBED}]
    movzx r9d, word ptr [r10 + {LATE}]
    add r10, {LATE_FETCHES}
    lea r8, [r11 + {LENGTHS}]
    mov rsi, [r11 + {EARLY_END}]
    sub rsi, r11
    add rsi, {HEADER} - {SCRATCH}
    test r9d, r9d
    jz 49f
41:
    add rsi, 8
    mov qword ptr [r8], {ABSENT}
    mov eax, [r10 + {F_WHEN}]
    test eax, eax
    jz 42f
    mov edx, [r10 + {F_WORD}]
    mov rdx, [r11 + rdx]
    cmp eax, 3
    je 39f
    and rdx, [r10 + {F_MASK}]
    cmp rdx, [r10 + {F_VALUE}]
    sete dl
    cmp eax, 1
    sete al
    cmp al, dl
    jne 47f
    jmp 42f
39:
    cmp edx, 64
    jae 47f
    mov rax, [r10 + {F_MASK}]
    bt rax, rdx
    jnc 47f
42:
    mov edx, [r10 + {F_ADDRESS}]
    cmp qword ptr [r11 + rdx], 0
    je 47f
    mov ecx, [r10 + {F_LIMIT}]
    mov eax, [r10 + {F_OP}]
    cmp eax, {FIXED}
    je 43f
    cmp eax, {FILLED_VECTORS}
    je 45f
    cmp eax, {VECTORS_REST}
    je 46f
    mov edi, ecx
    recorder_agent_length
    mov eax, [r10 + {F_OP}]
    xor edx, edx
    test rcx, rcx
    cmovs rcx, rdx
    cmp rcx, rdi
    cmova rcx, rdi
    cmp eax, {REST}
    jne 44f
    cmp rcx, {SMALL}
    jbe 48f
    cmp rcx, [r11 + {VALUE}]
    jne 80f
44:
    cmp rcx, {LARGEST_RECORD}
    ja 80f
    mov [r8], rcx
    add rcx, 7
    and rcx, -8
    add rsi, rcx
    jmp 48f
    // What later fetches need is kept.
43:
    mov edx, [r10 + {F_KEEP}]
    test edx, edx
    jz 44b
    mov [r11 + {SPILLED}], rsi
    lea rdi, [r11 + rdx]
    mov edx, [r10 + {F_ADDRESS}]
    mov rsi, [r11 + rdx]
    mov edx, ecx
    rep movsb
    mov ecx, edx
    mov rsi, [r11 + {SPILLED}]
    jmp 44b
    // Vectors.
45:
    mov edx, [r10 + {F_ADDRESS}]
    mov [r11 + {SPILLED}], rsi
    mov rsi, [r11 + rdx]
    recorder_agent_keep_vectors
    mov rsi, [r11 + {SPILLED}]
    recorder_agent_total 80f
    cmp rax, [r11 + {VALUE}]
    cmova rax, [r11 + {VALUE}]
    lea rcx, [rcx + rax + 8]
    jmp 44b
46:
    mov edx, [r10 + {F_KEEP}]
    add rdx, r11
    recorder_agent_total 80f
    cmp rax, {SMALL}
    ja 38f
    cmp rcx, {SMALL}
    jbe 48f
38:
    cmp rax, [r11 + {VALUE}]
    jne 80f
    lea rcx, [rcx + rax + 8]
    jmp 44b
47:
    cmp dword ptr [r10 + {F_OP}], {FIXED}
    jne 48f
    mov ecx, [r10 + {F_KEEP}]
    test ecx, ecx
    jz 48f
    lea rdi, [r11 + rcx]
    mov ecx, [r10 + {F_LIMIT}]
    xor eax, eax
    rep stosb
48:
    add r8, 8
    add r10, {FETCH_SIZE}
    dec r9d
    jnz 41b
49:
    cmp rsi, {LARGEST_RECORD}
    ja 80f

    // Room in the ring, in one piece: rdx is where.
    mov rdi, [r11 + {HEAD}]
    mov rax, rdi
    sub rax, [r11 + {TAIL}]
    mov edx, edi
    and edx, {RING_SIZE} - 1
    mov ecx, {RING_SIZE}
    sub ecx, edx
    add rax, rsi
    cmp rsi, rcx
    jbe 50f
    add rax, rcx
    cmp rax, {RING_SIZE}
    ja 80f
    mov qword ptr [r11 + rdx + {RING}], {WRAP}
    add rdi, rcx
    xor edx, edx
    jmp 51f
50:
    cmp rax, {RING_SIZE}
    ja 80f
51:
    add rdi, rsi
    mov [r11 + {NEW_HEAD}], rdi
    lea rdi, [r11 + rdx + {RING}]
    mov [rdi], rsi
    .set at, 0
    .rept 12
    mov rax, [r11 + {NUMBER} + at]
    mov [rdi + 8 + at], rax
    .set at, at + 8
    .endr
    add rdi, {HEADER}
    lea rsi, [r11 + {SCRATCH}]
    mov rcx, [r11 + {EARLY_END}]
    sub rcx, rsi
    shr rcx, 3
    jz 60f
    rep movsq
60:
    mov r10, [r11 + {DESCRIBED}]
    movzx r9d, word ptr [r10 + {LATE}]
    test r9d, r9d
    jz 69f
    add r10, {LATE_FETCHES}
    lea r8, [r11 + {LENGTHS}]
61:
    mov rcx, [r8]
    mov [rdi], rcx
    add rdi, 8
    cmp rcx, {ABSENT}
    je 62f
    mov eax, [r10 + {F_OP}]
    cmp eax, {VECTORS_REST}
    jae 64f
    mov edx, [r10 + {F_ADDRESS}]
    mov rsi, [r11 + rdx]
    cmp eax, {FIXED}
    jne 63f
    mov edx, [r10 + {F_KEEP}]
    test edx, edx
    jz 63f
    lea rsi, [r11 + rdx]
63:
    rep movsb
    add rdi, 7
    and rdi, -8
    jmp 62f
64:
    mov rax, [r11 + {VALUE}]
    recorder_agent_gather
62:
    add r8, 8
    add r10, {FETCH_SIZE}
    dec r9d
    jnz 61b
69:
    mov rax, [r11 + {NEW_HEAD}]
    mov [r11 + {HEAD}], rax
    .globl recorder_agent_published
    .hidden recorder_agent_published
recorder_agent_published:
    mov qword ptr [r11 + {BOUND}], -1
    mov qword ptr [r11 + {PHASE}], {IDLE}
    mov rdi, [r11 + {ARGUMENTS}]
    mov rsi, [r11 + {ARGUMENTS} + 8]
    mov rdx, [r11 + {ARGUMENTS} + 16]
    mov r10, [r11 + {ARGUMENTS} + 24]
    mov r8, [r11 + {ARGUMENTS} + 32]
    mov r9, [r11 + {ARGUMENTS} + 40]
    mov rax, [r11 + {RESULT}]
    mov rcx, [r11 + {AFTER}]
    popfq
    mov rsp, [r11 + {RSP}]
    mov r11, [r11 + {FLAGS}]
    jmp rcx

    // Calls on some descriptors are left to the tracer.
    .globl recorder_agent_watch
    .hidden recorder_agent_watch
recorder_agent_watch:
70:
    .set at, 0
    .rept 2
    mov eax, [r10 + {ON} + at]
    cmp eax, {LEFT}
    je 90f
    jb 71f
    mov edx, [r11 + rax]
    test edx, edx
    js 71f
    cmp edx, {DESCRIPTORS}
    jae 90f
    mov eax, edx
    shr eax, 5
    mov eax, [r11 + 4 * rax + {WATCHED}]
    bt eax, edx
    jc 90f
71:
    .set at, at + 4
    .endr
    jmp 19b

    // The tracer takes over; if it doesn't, that is counted.
    .globl recorder_agent_over
    .hidden recorder_agent_over
recorder_agent_over:
80:
    mov eax, {TRAP}
    .globl recorder_agent_trap
    .hidden recorder_agent_trap
recorder_agent_trap:
    syscall
    .globl recorder_agent_trapped
    .hidden recorder_agent_trapped
recorder_agent_trapped:
    mov r11, gs:[0]
    movabs rcx, {CONTROL}
    lock inc qword ptr [rcx + {LOST}]
    jmp recorder_agent_published

    // The tracer's call after all: the registers as they were, and the stub's own instruction.
90:
    mov rdi, [r11 + {ARGUMENTS}]
    mov rsi, [r11 + {ARGUMENTS} + 8]
    mov rdx, [r11 + {ARGUMENTS} + 16]
    mov r10, [r11 + {ARGUMENTS} + 24]
    mov r8, [r11 + {ARGUMENTS} + 32]
    mov r9, [r11 + {ARGUMENTS} + 40]
    mov rax, [r11 + {NUMBER}]
    mov rcx, [r11 + {AFTER}]
    popfq
    mov rsp, [r11 + {RSP}]
    lea r11, [rcx - 2]
    jmp r11
    .globl recorder_agent_way
    .hidden recorder_agent_way
recorder_agent_way = 90b
    .globl recorder_agent_end
    .hidden recorder_agent_end
recorder_agent_end:
    .popsection
    "#,
    AFTER = const area::AFTER,
    ARGUMENTS = const area::ARGUMENTS,
    RSP = const area::RSP,
    FLAGS = const area::FLAGS,
    STACK_TOP = const area::STACK_TOP,
    DESCRIBED = const area::DESCRIBED,
    EARLY_END = const area::EARLY_END,
    NEW_HEAD = const area::NEW_HEAD,
    NUMBER = const area::NUMBER,
    CALLED = const area::CALLED,
    RETURNED = const area::RETURNED,
    TIME_CALLED = const area::TIME_CALLED,
    TIME_RETURNED = const area::TIME_RETURNED,
    RESULT = const area::RESULT,
    VALUE = const area::VALUE,
    FAILED = const area::FAILED,
    LENGTHS = const area::LENGTHS,
    SCRATCH = const area::SCRATCH,
    HEAD = const area::HEAD,
    TAIL = const area::TAIL,
    BOUND = const area::BOUND,
    PHASE = const area::PHASE,
    IDLE = const phase::IDLE,
    ENTERED = const phase::ENTERED,
    RETURNED_PHASE = const phase::RETURNED,
    CONTROL = const CONTROL,
    LOST = const control::LOST,
    CALLS = const CALLS,
    CALL_SIZE = const CALL_SIZE,
    KIND = const call::KIND,
    EARLY = const call::EARLY,
    LATE = const call::LATE,
    GUARD_2 = const call::GUARD_2,
    GUARD_3 = const call::GUARD_3,
    WATCHES = const area::WATCHES,
    WATCHED = const area::WATCHED,
    DESCRIPTORS = const area::DESCRIPTORS,
    ON = const call::ON,
    LEFT = const call::LEFT,
    EARLY_FETCHES = const call::EARLY_FETCHES,
    LATE_FETCHES = const call::LATE_FETCHES,
    FETCH_SIZE = const call::FETCH_SIZE,
    F_OP = const fetch::OP,
    F_ADDRESS = const fetch::ADDRESS,
    F_LENGTH = const fetch::LENGTH,
    F_LIMIT = const fetch::LIMIT,
    F_WHEN = const fetch::WHEN,
    F_WORD = const fetch::WORD,
    F_MASK = const fetch::MASK,
    F_VALUE = const fetch::VALUE,
    FIXED = const fetch::FIXED,
    F_KEEP = const fetch::KEEP,
    F_WIDTH = const fetch::WIDTH,
    SIGNED_HALF = const fetch::SIGNED_HALF,
    SMALL_COUNTED = const fetch::SMALL_COUNTED,
    VECTORS = const fetch::VECTORS,
    VECTORS_REST = const fetch::VECTORS_REST,
    FILLED_VECTORS = const fetch::FILLED_VECTORS,
    MOST_VECTORS = const fetch::MOST_VECTORS,
    SPILLED = const area::SPILLED,
    REST = const fetch::REST,
    SMALL = const fetch::SMALL,
    ABSENT = const -1,
    DEFERRED = const -2,
    WRAP = const -1,
    HEADER = const 8 * record::HEADER_WORDS,
    LARGEST_RECORD = const LARGEST_RECORD,
    RING = const RING,
    RING_SIZE = const RING_SIZE,
    TRAP = const TRAP,
);

unsafe extern "C" {
    static recorder_agent_start: u8;
    static recorder_agent_bypass: u8;
    static recorder_agent_hook: u8;
    static recorder_agent_switching: u8;
    static recorder_agent_switched: u8;
    static recorder_agent_saved: u8;
    static recorder_agent_gadget: u8;
    static recorder_agent_called: u8;
    static recorder_agent_returned: u8;
    static recorder_agent_published: u8;
    static recorder_agent_watch: u8;
    static recorder_agent_over: u8;
    static recorder_agent_trap: u8;
    static recorder_agent_trapped: u8;
    static recorder_agent_way: u8;
    static recorder_agent_end: u8;
}

/// The code itself.
pub fn code() -> &'static [u8] {
    let (start, end) = (&raw const recorder_agent_start, &raw const recorder_agent_end);
    // SAFETY: both are ends of one read-only piece of this program.
    unsafe { std::slice::from_raw_parts(start, end.addr() - start.addr()) }
}

/// Addresses in the code, as the program has it.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    /// Makes the call from the stub.
    pub bypass: u64,
    /// The beginning.
    pub hook: u64,
    /// All is saved but the flags, and the stack is still the program's.
    pub switching: u64,
    /// The stack is the area's.
    pub switched: u64,
    /// All is saved.
    pub saved: u64,
    /// The `syscall` instruction from which recorded calls are made.
    pub gadget: u64,
    /// Behind it.
    pub called: u64,
    /// The result is saved.
    pub returned: u64,
    /// The record is published.
    pub published: u64,
    /// Descriptors are looked at, before the call.
    pub watch: u64,
    /// The tracer is about to be called.
    pub over: u64,
    /// The `syscall` instruction that calls it.
    pub trap: u64,
    /// Behind it.
    pub trapped: u64,
    /// Registers are put back, to make the call from the stub.
    pub way: u64,
    /// The end.
    pub end: u64,
}

impl Labels {
    /// The labels.
    pub fn new() -> Self {
        let start = (&raw const recorder_agent_start).addr();
        let at = |label: *const u8| BASE + (label.addr() - start) as u64;
        Self {
            bypass: at(&raw const recorder_agent_bypass),
            hook: at(&raw const recorder_agent_hook),
            switching: at(&raw const recorder_agent_switching),
            switched: at(&raw const recorder_agent_switched),
            saved: at(&raw const recorder_agent_saved),
            gadget: at(&raw const recorder_agent_gadget),
            called: at(&raw const recorder_agent_called),
            returned: at(&raw const recorder_agent_returned),
            published: at(&raw const recorder_agent_published),
            watch: at(&raw const recorder_agent_watch),
            over: at(&raw const recorder_agent_over),
            trap: at(&raw const recorder_agent_trap),
            trapped: at(&raw const recorder_agent_trapped),
            way: at(&raw const recorder_agent_way),
            end: at(&raw const recorder_agent_end),
        }
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::new()
    }
}
