//! The code that runs inside the program, and the words that it shares with the recorder.
//!
//! A stub (see [`super::stubs`]) brings a thread here with the registers of its system call, and in `rcx`
//! the address behind the stub's own `syscall` instruction. The hook makes the call, writes a record of
//! it into the thread's ring and goes back as the kernel would. It uses no stack but 8 bytes of the
//! thread's [`area`], no vector register, and no memory of the program's but what it copies.
//!
//! `gs` leads to the area. A thread that must not use its area has another one whose `ENTRY` is
//! [`bypass`](Labels::bypass), which makes the call from the stub, where the filter stops it.
//!
//! Whatever happens in here, a signal or a fault, the tracer can take over: it sees where the thread
//! stands, and the area has all registers (see [`super::registers`]).

mod labels;
mod layout;

pub use labels::{Labels, code};
pub use layout::*;

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
    lea r10, [rip + recorder_agent_start + 0x1000]
    mov eax, [r10 + 4 * rax]
    test eax, eax
    jz 90f
    add r10, rax
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
    mov eax, [r10 + {LATE_AT}]
    add r10, rax
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
    mov eax, [r10 + {LATE_AT}]
    add r10, rax
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
    LATE_AT = const call::LATE_AT,
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
