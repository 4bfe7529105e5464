//! Threads that make files as different users, for the tests; run by root.
//!
//! They change themselves alone, with raw calls, as file servers do: the C library's functions would change all of
//! them at once.

use std::sync::{Arc, Barrier};

fn main() {
    let barrier = Arc::new(Barrier::new(3));
    let threads = [(1001, 2001), (1002, 2002)].map(|(user, group)| {
        let barrier = barrier.clone();
        std::thread::spawn(move || {
            for round in 0..3 {
                // Rights are dropped, and taken back.
                call(libc::SYS_setgroups, [1, (&raw const group) as i64, 0]);
                call(libc::SYS_setresgid, [-1, group.into(), -1]);
                call(libc::SYS_setresuid, [-1, user, -1]);
                make(&format!("{user}-{round}"));
                barrier.wait();
                call(libc::SYS_setresuid, [-1, 0, -1]);
                call(libc::SYS_setresgid, [-1, 0, -1]);
                // For files alone, as an NFS server does.
                call(libc::SYS_setfsgid, [i64::from(group) + 10, 0, 0]);
                call(libc::SYS_setfsuid, [user + 10, 0, 0]);
                make(&format!("{user}-{round}-fs"));
                call(libc::SYS_setfsuid, [0; 3]);
                call(libc::SYS_setfsgid, [0; 3]);
            }
        })
    });
    for round in 0..3 {
        make(&format!("root-{round}"));
        barrier.wait();
    }
    for thread in threads {
        thread.join().expect("nobody panics");
    }
}

fn make(name: &str) {
    std::fs::write(name, name).expect("everybody may write here");
    std::fs::create_dir(format!("{name}.d")).expect("everybody may write here");
}

fn call(number: libc::c_long, arguments: [i64; 3]) {
    let [a, b, c] = arguments;
    // SAFETY: the pointer that one of the calls takes leads to as many groups as it says.
    let returned = unsafe { libc::syscall(number, a, b, c) };
    assert!(returned >= 0, "{}", std::io::Error::last_os_error());
}
