//! The thread of the stand-ins.

use std::collections::{HashMap, VecDeque};
use std::io::{self, PipeReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, TryRecvError};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt};

use super::{Ask, Known};
use crate::replay::net::plain;
use crate::replay::progress::lock;

/// How long a connection may take: somebody may have too many that wait.
const CONNECTS: Duration = Duration::from_secs(1);

/// How long nothing comes when everything has come from those who don't end their side, in milliseconds.
const QUIET: u16 = 1000;

/// Connections that are kept though the program sends no more: it may still take something.
const MOST_KEPT: usize = 256;

/// A stand-in.
struct One {
    end: End,
    /// What is still to be sent.
    out: VecDeque<u8>,
    /// Whether nothing follows.
    sends_no_more: bool,
    /// Whether the other end was told so.
    has_ended: bool,
    /// Whether nothing comes any more.
    receives_no_more: bool,
}

/// A stand-in's socket.
enum End {
    Waits(TcpListener),
    Connected(TcpStream),
}

impl One {
    fn new(end: End) -> Self {
        Self {
            end,
            out: VecDeque::new(),
            sends_no_more: false,
            has_ended: false,
            receives_no_more: false,
        }
    }

    /// What is waited for, besides errors.
    fn events(&self) -> PollFlags {
        let mut events = PollFlags::empty();
        events.set(PollFlags::POLLIN, !self.receives_no_more);
        events.set(PollFlags::POLLOUT, !self.out.is_empty());
        events
    }

    /// Sends what there is room for, and what the end is due of.
    fn send(&mut self, sent: &AtomicU64) -> io::Result<()> {
        let End::Connected(stream) = &mut self.end else { return Ok(()) };
        while !self.out.is_empty() {
            match stream.write(self.out.as_slices().0) {
                Ok(moved) => {
                    self.out.drain(..moved);
                    sent.fetch_add(moved as u64, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if self.sends_no_more && !self.has_ended {
            self.has_ended = true;
            stream.shutdown(std::net::Shutdown::Write)?;
        }
        Ok(())
    }

    /// Takes what has come.
    fn receive(&mut self, room: &mut [u8], received: &AtomicU64) -> io::Result<()> {
        let End::Connected(stream) = &mut self.end else { return Ok(()) };
        loop {
            match stream.read(room) {
                Ok(0) => {
                    self.receives_no_more = true;
                    return Ok(());
                }
                Ok(moved) => {
                    received.fetch_add(moved as u64, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// What the thread does.
pub(super) struct Work {
    known: Arc<Known>,
    asked: Receiver<Ask>,
    woken: PipeReader,
    all: HashMap<SocketAddr, One>,
    /// Those to whom nothing is sent any more, the first one first.
    kept: VecDeque<SocketAddr>,
    room: Vec<u8>,
}

impl Work {
    pub fn new(known: Arc<Known>, asked: Receiver<Ask>, woken: PipeReader) -> Self {
        let room = vec![0; 64 << 10];
        Self { known, asked, woken, all: HashMap::new(), kept: VecDeque::new(), room }
    }

    /// Does what is asked for, until nobody asks any more.
    pub fn run(mut self) {
        loop {
            loop {
                match self.asked.try_recv() {
                    Ok(ask) => self.answer(ask),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            for who in self.ready(PollTimeout::NONE) {
                self.serve(who);
            }
        }
    }

    /// Takes what is still to come.
    fn settle(&mut self) {
        let is_to_come = |one: &One| !one.receives_no_more && matches!(one.end, End::Connected(_));
        while self.all.values().any(is_to_come) {
            let ready = self.ready(PollTimeout::from(QUIET));
            if ready.is_empty() {
                return;
            }
            ready.into_iter().for_each(|who| self.serve(who));
        }
    }

    /// Waits until something happens, or for so long; returns to whom.
    fn ready(&mut self, patience: PollTimeout) -> Vec<SocketAddr> {
        let mut polls = vec![PollFd::new(self.woken.as_fd(), PollFlags::POLLIN)];
        let mut who = Vec::new();
        for (address, one) in &self.all {
            let events = one.events();
            // One that is done would be told of its end again and again.
            if !events.is_empty() {
                who.push(*address);
                polls.push(PollFd::new(one.end.as_fd(), events));
            }
        }
        // A signal is for others; the thread looks again.
        let _ = poll(&mut polls, patience);
        let mut ready = polls.iter().map(|poll| poll.any().unwrap_or(false));
        let is_woken = ready.next().unwrap_or(false);
        let ready = who.into_iter().zip(ready).filter(|(_, is)| *is).map(|(who, _)| who).collect();
        if is_woken {
            let _ = self.woken.read(&mut self.room);
        }
        ready
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Visit(address, answer) => {
                let _ = answer.send(self.visit(address).ok());
            }
            Ask::Wait(answer) => {
                let _ = answer.send(self.wait().ok());
            }
            Ask::Send(who, bytes) => {
                if let Some(one) = self.all.get_mut(&who) {
                    one.out.extend(bytes);
                }
                self.serve(who);
            }
            Ask::End(who) => {
                if let Some(one) = self.all.get_mut(&who) {
                    one.sends_no_more = true;
                }
                self.serve(who);
            }
            Ask::Settle(answer) => {
                self.settle();
                let _ = answer.send(());
            }
            Ask::Reset(who, answer) => {
                self.drop(who);
                let _ = answer.send(());
            }
        }
    }

    fn visit(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let stream = TcpStream::connect_timeout(&address, CONNECTS)?;
        stream.set_nonblocking(true)?;
        let own = plain(stream.local_addr()?);
        self.known.connections.fetch_add(1, Ordering::Relaxed);
        self.add(own, End::Connected(stream));
        Ok(own)
    }

    fn wait(&mut self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let own = listener.local_addr()?;
        self.add(own, End::Waits(listener));
        Ok(own)
    }

    fn add(&mut self, own: SocketAddr, end: End) {
        // The kernel gives an address again to whom nobody has it any more.
        self.kept.retain(|kept| *kept != own);
        self.all.insert(own, One::new(end));
        lock(&self.known.outstanding).insert(own, 0);
    }

    fn serve(&mut self, who: SocketAddr) {
        let Some(one) = self.all.get_mut(&who) else { return };
        if let End::Waits(listener) = &one.end {
            let Ok((stream, _)) = listener.accept() else { return };
            if stream.set_nonblocking(true).is_err() {
                return self.drop(who);
            }
            one.end = End::Connected(stream);
            self.known.connections.fetch_add(1, Ordering::Relaxed);
        }
        let before = one.receives_no_more;
        let is_over = |one: &One| one.receives_no_more && one.sends_no_more && one.out.is_empty();
        // What has come is taken, whatever became of what was sent.
        let sent = one.send(&self.known.sent);
        let served = one.receive(&mut self.room, &self.known.received).and(sent);
        if served.is_err() {
            return self.drop(who);
        }
        if is_over(one) {
            lock(&self.known.outstanding).remove(&who);
            self.kept.retain(|kept| *kept != who);
            self.all.remove(&who);
        } else if one.receives_no_more && !before {
            self.kept.push_back(who);
            if self.kept.len() > MOST_KEPT
                && let Some(oldest) = self.kept.pop_front()
            {
                self.drop(oldest);
            }
        }
    }

    /// Breaks the connection off: nothing of it stays in the kernel.
    fn drop(&mut self, who: SocketAddr) {
        lock(&self.known.outstanding).remove(&who);
        self.kept.retain(|kept| *kept != who);
        if let Some(One { end: End::Connected(stream), .. }) = self.all.remove(&who) {
            let linger = libc::linger { l_onoff: 1, l_linger: 0 };
            let _ = setsockopt(&stream, sockopt::Linger, &linger);
        }
    }
}

impl AsFd for End {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match self {
            Self::Waits(listener) => listener.as_fd(),
            Self::Connected(stream) => stream.as_fd(),
        }
    }
}
