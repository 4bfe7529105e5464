//! Calls by the door for 32-bit programs, for the tests: a 64-bit program may use it too.

fn main() {
    for _ in 0..3 {
        println!("{}", i64::from(own_id()) - i64::from(std::process::id()));
    }
}

/// getpid(2), as a 32-bit program makes it.
#[cfg(target_arch = "x86_64")]
fn own_id() -> i32 {
    const GETPID: i32 = 20;
    let mut word = GETPID;
    // SAFETY: the call takes nothing and changes nothing; the registers that it may lose are named.
    unsafe {
        std::arch::asm!(
            "int 0x80",
            inout("eax") word,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    word
}

#[cfg(not(target_arch = "x86_64"))]
fn own_id() -> i32 {
    std::process::id() as i32
}
