//! Those who stand for others at the loopback interface: a thread that has their sockets.
//!
//! It has a table of descriptors of its own, so that none of its sockets gets into what a task's thread takes over
//! from another one. What the program sends is taken and counted at once, so that nobody waits for room.

use std::collections::HashMap;
use std::io::{self, PipeWriter, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded, unbounded};
use nix::sched::{CloneFlags, unshare};

use crate::replay::progress::lock;

mod work;

use work::Work;

/// How long the thread has for what it is asked for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is asked of the thread.
#[derive(Debug)]
enum Ask {
    /// Connect to this address; answers with the stand-in's own.
    Visit(SocketAddr, Sender<Option<SocketAddr>>),
    /// Wait for one connection; answers with where.
    Wait(Sender<Option<SocketAddr>>),
    /// Send this.
    Send(SocketAddr, Vec<u8>),
    /// Send no more.
    End(SocketAddr),
    /// Break the connection off; answers when that is done.
    Reset(SocketAddr, Sender<()>),
    /// Take what the program has sent; answers when that is done.
    Settle(Sender<()>),
}

/// What was exchanged with stand-ins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// Connections.
    pub connections: u64,
    /// Bytes that they sent to the program.
    pub sent: u64,
    /// Bytes that the program sent to them.
    pub received: u64,
}

/// What the thread and those who ask it have in common.
#[derive(Debug, Default)]
struct Known {
    /// Of each stand-in, by its address, how many bytes were sent that no call has taken yet.
    outstanding: Mutex<HashMap<SocketAddr, usize>>,
    connections: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

/// Those who stand for others.
#[derive(Debug)]
pub struct StandIns {
    known: Arc<Known>,
    /// Gone when all is over.
    asks: Option<Sender<Ask>>,
    wakes: PipeWriter,
    thread: Option<JoinHandle<()>>,
}

impl StandIns {
    /// None yet.
    ///
    /// # Errors
    /// There is no thread, or no pipe, to be had.
    pub fn start() -> io::Result<Self> {
        let known = Arc::new(Known::default());
        let (asks, asked) = unbounded();
        let (woken, wakes) = io::pipe()?;
        let of_thread = known.clone();
        let (ready, is_ready) = bounded(1);
        let thread = std::thread::Builder::new().name("stand-ins".to_owned()).spawn(move || {
            let unshared = unshare(CloneFlags::CLONE_FILES).map_err(io::Error::from);
            let is_unshared = unshared.is_ok();
            let _ = ready.send(unshared);
            if is_unshared {
                Work::new(of_thread, asked, woken).run();
            }
        })?;
        is_ready.recv().map_err(io::Error::other)??;
        Ok(Self { known, asks: Some(asks), wakes, thread: Some(thread) })
    }

    /// What was exchanged, now that the program does nothing any more.
    pub fn exchanged(&self) -> Exchanged {
        let (answer, answered) = bounded(1);
        self.ask(Ask::Settle(answer));
        let _ = answered.recv_timeout(PATIENCE);
        let Known { connections, sent, received, .. } = &*self.known;
        let [connections, sent, received] =
            [connections, sent, received].map(|count| count.load(Ordering::Relaxed));
        Exchanged { connections, sent, received }
    }

    /// Whether there is a stand-in at `address`.
    pub fn has(&self, address: SocketAddr) -> bool {
        lock(&self.known.outstanding).contains_key(&address)
    }

    /// Has one connect to `address`; returns whether it did.
    pub fn visit(&self, address: SocketAddr) -> bool {
        let (answer, answered) = bounded(1);
        self.ask(Ask::Visit(address, answer));
        matches!(answered.recv_timeout(PATIENCE), Ok(Some(_)))
    }

    /// Has one wait for a connection; returns at which port.
    pub fn wait_for_one(&self) -> Option<u16> {
        let (answer, answered) = bounded(1);
        self.ask(Ask::Wait(answer));
        answered.recv_timeout(PATIENCE).ok().flatten().map(|address| address.port())
    }

    /// Has the one at `who` send `bytes`, which the next call takes, or looks at if it isn't `is_taken`: of them
    /// those that no earlier one looked at.
    pub fn send(&self, who: SocketAddr, bytes: &[u8], is_taken: bool) {
        let mut known = lock(&self.known.outstanding);
        let Some(outstanding) = known.get_mut(&who) else { return };
        let new = bytes.get(*outstanding..).unwrap_or_default().to_vec();
        *outstanding = (*outstanding).max(bytes.len());
        if is_taken {
            *outstanding -= bytes.len();
        }
        drop(known);
        if !new.is_empty() {
            self.ask(Ask::Send(who, new));
        }
    }

    /// Has the one at `who` send no more.
    pub fn end(&self, who: SocketAddr) {
        self.ask(Ask::End(who));
    }

    /// Has the one at `who` break its connection off, and waits until it has.
    pub fn reset(&self, who: SocketAddr) {
        let (answer, answered) = bounded(1);
        self.ask(Ask::Reset(who, answer));
        let _ = answered.recv_timeout(PATIENCE);
    }

    /// A thread that broke down answers nobody, and its stand-ins are gone: calls diverge.
    fn ask(&self, ask: Ask) {
        if let Some(asks) = &self.asks {
            let _ = asks.send(ask);
        }
        let _ = (&self.wakes).write(&[0]);
    }
}

impl Drop for StandIns {
    fn drop(&mut self) {
        drop(self.asks.take());
        // It has a copy of this end of the pipe, and so wouldn't see it closed.
        let _ = (&self.wakes).write(&[0]);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn visited() -> (StandIns, TcpStream, SocketAddr) {
        let stand_ins = StandIns::start().expect("a thread");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        assert!(stand_ins.visit(listener.local_addr().expect("an address")));
        let (connection, who) = listener.accept().expect("a visitor");
        assert!(stand_ins.has(who));
        (stand_ins, connection, who)
    }

    #[test]
    fn what_was_looked_at_is_not_sent_again() {
        let (stand_ins, mut connection, who) = visited();
        stand_ins.send(who, b"he", false);
        stand_ins.send(who, b"hello", true);
        stand_ins.send(who, b" you", true);
        stand_ins.end(who);
        let mut all = String::new();
        connection.read_to_string(&mut all).expect("an end");
        assert_eq!(all, "hello you");
        assert_eq!((stand_ins.exchanged().connections, stand_ins.exchanged().sent), (1, 9));
    }

    #[test]
    fn nobody_waits_for_room_to_send() {
        let (stand_ins, mut connection, who) = visited();
        connection.write_all(&vec![1; 32 << 20]).expect("all of it is taken");
        stand_ins.reset(who);
        assert!(!stand_ins.has(who));
        assert!(
            connection.read(&mut [0]).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionReset)
        );
    }

    #[test]
    fn one_waits_for_a_connection_and_sends_more_than_there_is_room_for() {
        let stand_ins = StandIns::start().expect("a thread");
        let port = stand_ins.wait_for_one().expect("a port");
        let who = SocketAddr::from(([127, 0, 0, 1], port));
        let data = vec![7; 32 << 20];
        stand_ins.send(who, &data, true);
        stand_ins.end(who);
        let mut connection = TcpStream::connect(who).expect("somebody waits");
        let mut all = Vec::new();
        connection.read_to_end(&mut all).expect("an end");
        assert!(all == data);
        assert!(TcpStream::connect(who).is_err(), "for one connection only");
    }

    #[test]
    fn where_nobody_listens_nobody_visits() {
        let stand_ins = StandIns::start().expect("a thread");
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        assert!(!stand_ins.visit(address.expect("an address")));
    }
}
