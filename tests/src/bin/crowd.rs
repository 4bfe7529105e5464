//! A thousand threads at a time, and some hundred processes, for the tests: each makes a file, once all are there.

use std::fs;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;

const THREADS: usize = 1000;
const PROCESSES: usize = 100;

fn main() {
    if let Some(name) = std::env::args().nth(1) {
        fs::write(&name, &name).expect("the folder is writable");
        return;
    }
    let barrier = Arc::new(Barrier::new(THREADS));
    let make = |number: usize| {
        let barrier = barrier.clone();
        let body = move || {
            barrier.wait();
            fs::write(format!("thread-{number}"), number.to_string())
                .expect("the folder is writable");
        };
        thread::Builder::new().stack_size(64 << 10).spawn(body).expect("there is a thread")
    };
    for thread in (0..THREADS).map(make).collect::<Vec<_>>() {
        thread.join().expect("nobody panics");
    }
    let own = std::env::current_exe().expect("there is a program");
    let start = |number: usize| Command::new(&own).arg(format!("process-{number}")).spawn();
    let children: Vec<_> = (0..PROCESSES).map(|number| start(number).expect("it starts")).collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
}
