//! Equips a program: maps the hook into it, and rewrites its code.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use nix::Result;
use nix::sys::resource::Resource;

use super::space::{self, PIECE, Space};
use super::text::{self, Mapping};
use super::x86_64::hook::{self, CONTROL, TABLE};
use super::x86_64::registers;
use super::x86_64::remote::Remote;
use super::x86_64::sites::CALL;
use super::{Agent, Files, arena, in_status, status_of};
use crate::ptrace;

/// Length of the hook and its table.
const CODE: u64 = TABLE - hook::BASE + hook::TABLE_SIZE;

/// Length of what is shared: counter and areas.
const SHARED: u64 = hook::AREAS - CONTROL + arena::MOST_AREAS as u64 * hook::AREA_STRIDE;

/// Memory of the program that is something else for a while.
struct Borrowed<'m> {
    memory: &'m File,
    were: Vec<(u64, Vec<u8>)>,
}

impl<'m> Borrowed<'m> {
    fn new(memory: &'m File) -> Self {
        Self { memory, were: Vec::new() }
    }

    /// Writes `bytes` to `address`; none if that can't be done.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Option<()> {
        self.were.push((address, space::read(self.memory, address, bytes.len() as u64)?));
        self.memory.write_all_at(bytes, address).ok()
    }

    /// Makes all what it was; none if the program is gone.
    fn give_back(self) -> Option<()> {
        let mut were = self.were.iter().rev();
        were.try_for_each(|(address, bytes)| self.memory.write_all_at(bytes, *address)).ok()
    }
}

/// Code that is to be rewritten.
struct Wanted {
    addresses: Range<u64>,
    found: Rc<text::Found>,
}

impl Agent {
    /// `pid`, the only thread of `process`, runs a new program, and stands at the exit of the call by
    /// which it does.
    pub fn executed(&mut self, pid: i32, process: i32) {
        self.spaces.remove(&process);
        self.threads.entry(pid).or_insert(super::Thread { process, area: 0 }).process = process;
        if !self.late.executed(process) {
            return;
        }
        match self.equip(pid, process, None) {
            Some(()) => self.counts.equipped += 1,
            None => self.counts.not_equipped += 1,
        }
    }

    /// Equips `pid`, the only thread of its process, which stands at the exit of a call and has a system-call
    /// instruction at `instruction`.
    pub(super) fn equip_late(&mut self, pid: i32, instruction: u64) {
        let Some(process) = self.threads.get(&pid).map(|thread| thread.process) else { return };
        self.late.give_up(process);
        match self.equip(pid, process, Some(instruction)) {
            Some(()) => {
                self.late.is_done(process);
                self.counts.equipped += 1;
            }
            None => self.counts.not_equipped += 1,
        }
    }

    /// Equips `pid`, whose next system-call instruction may be one at `instruction`; without it the thread is at
    /// the program's start, where one is put for a while.
    fn equip(&mut self, pid: i32, process: i32, instruction: Option<u64>) -> Option<()> {
        let registers = ptrace::registers(pid).ok()?;
        let limited = limit_of_addresses(pid)?;
        let is_plain = registers::is_plain(&registers) && !limited;
        let status = status_of(&pid.to_string());
        // It can't have more threads; if it has, its code is left alone.
        let is_alone = in_status(&status, "Threads:") == Some(1);
        let filters = in_status(&status, "Seccomp_filters:").unwrap_or(0);
        if !is_plain || !is_alone || filters != self.filters {
            return None;
        }
        let mappings = text::mappings(pid);
        let wanted = wanted(&mut self.files, pid, &mappings, &mut self.counts.left)?;
        let memory = space::memory(pid).ok()?;
        let mut borrowed = Borrowed::new(&memory);
        let start = registers::place(&registers);
        let instruction = match instruction {
            Some(there) if space::read(&memory, there, CALL.len() as u64)? == CALL => there,
            Some(_) => return None,
            None => borrowed.write(start, &CALL).map(|()| start)?,
        };
        let path = format!("/proc/{}/fd/{}\0", std::process::id(), self.shared.arena.descriptor());
        // The beginning of a page that has to be there.
        let place = registers::stack(&registers) & !4095;
        let unseen = self.unseen.clone();
        let mut remote = Remote::new(pid, instruction, registers, &unseen).ok()?;
        let mut space = Space::default();
        let equipped = borrowed.write(place, path.as_bytes()).is_some()
            && map_hook(&mut remote, place).unwrap_or(false)
            && make_room(&mut remote, &mut space, &mappings, &wanted).unwrap_or(false);
        // Whatever came of it, the program is to go on as it would have.
        borrowed.give_back()?;
        if !equipped {
            remote.finish(|_| {}).ok()?;
            return None;
        }
        for Wanted { addresses, found } in wanted {
            self.rewrite(&mut space, &memory, addresses, found).ok()?;
        }
        let known = self.threads.get(&pid).map(|thread| thread.area).filter(|area| *area != 0);
        let area = match known {
            Some(area) => area,
            None => self.open(pid, false),
        };
        // What comes next may have been moved.
        let next = space.moved(start).unwrap_or(start);
        self.spaces.insert(process, Rc::new(space));
        self.use_hook(pid, true);
        let change = |registers: &mut _| {
            registers::set_base(registers, arena::address(area));
            registers::set_place(registers, next);
        };
        remote.finish(change).ok()
    }

    /// Rewrites the code at `addresses`, if there is room for its stubs.
    fn rewrite(
        &mut self,
        space: &mut Space,
        memory: &File,
        addresses: Range<u64>,
        found: Rc<text::Found>,
    ) -> std::io::Result<()> {
        let all = found.stubs.len();
        let rewritten = match space.take(&addresses, found.size()) {
            Some(stubs) => space.rewrite(memory, addresses, found, stubs)?,
            None => 0,
        };
        self.counts.rewritten += rewritten as u64;
        self.counts.left += (all - rewritten) as u64;
        Ok(())
    }

    /// `process` may have set a limit to what it maps, and its thread `pid` stands at the exit of the call by which it
    /// did. Areas that nobody uses count, too: they go, and threads and processes that come have none, so that their calls
    /// stop.
    pub(super) fn limited(&mut self, pid: i32, process: i32) -> Option<()> {
        if self.spaces.get(&process)?.is_tight || !limit_of_addresses(process)? {
            return None;
        }
        // One that has its creator's memory for a while limits itself alone.
        let parent = in_status(&status_of(&process.to_string()), "PPid:")? as i32;
        if shares_memory(process, parent)? {
            return None;
        }
        let threads = self.threads.values().filter(|thread| thread.process == process);
        let mut used: Vec<u32> = threads.map(|thread| thread.area).chain([0]).collect();
        used.sort_unstable();
        used.dedup();
        let saved = ptrace::registers(pid).ok()?;
        let unseen = self.unseen.clone();
        let mut remote = Remote::new(pid, self.labels.trap, saved, &unseen).ok()?;
        let mut start = 0;
        let mut unmapped = Ok(0);
        for area in used.into_iter().chain([arena::MOST_AREAS]) {
            if area > start && unmapped.is_ok() {
                let length = u64::from(area - start) * hook::AREA_STRIDE;
                let at = hook::AREAS + u64::from(start) * hook::AREA_STRIDE;
                unmapped = remote.call(libc::SYS_munmap, [at, length, 0, 0, 0, 0]);
            }
            start = area + 1;
        }
        // Whatever went, nobody is to be given one of them.
        Rc::make_mut(self.spaces.get_mut(&process)?).is_tight = true;
        remote.finish(|_| {}).ok()?;
        unmapped.ok().map(drop)
    }

    /// `pid` mapped `addresses`, and stands at the exit of the call by which it did.
    pub(super) fn mapped(&mut self, pid: i32, process: i32, addresses: Range<u64>) -> Option<()> {
        let space = self.spaces.get(&process)?.clone();
        if space.is_off {
            return None;
        }
        let all = text::mappings(pid);
        let new: Vec<_> = all
            .iter()
            .filter(|mapping| mapping.start < addresses.end && mapping.end > addresses.start)
            .cloned()
            .collect();
        let mut space = Space::clone(&space);
        space.unmap(&addresses);
        let wanted = wanted(&mut self.files, pid, &new, &mut self.counts.left);
        let memory = space::memory(pid).ok()?;
        let Some(wanted) = wanted else {
            // Its code sets `gs`: from now on every call is the tracer's.
            space.switch_off(&memory);
            self.spaces.insert(process, Rc::new(space));
            self.bypass_all(process);
            return None;
        };
        for Wanted { addresses, found } in wanted {
            if !space.has_room(&addresses, found.size()) {
                let saved = ptrace::registers(pid).ok()?;
                let unseen = self.unseen.clone();
                let mut remote = Remote::new(pid, self.labels.trap, saved, &unseen).ok()?;
                let made = make_room_for(&mut remote, &mut space, &all, &addresses, found.size());
                remote.finish(|_| {}).ok()?;
                made.ok()?;
            }
            self.rewrite(&mut space, &memory, addresses, found).ok()?;
        }
        self.spaces.insert(process, Rc::new(space));
        Some(())
    }
}

/// The code in `mappings` that is to be rewritten; none if some of it can't live with the hook.
fn wanted(
    files: &mut Files,
    pid: i32,
    mappings: &[Mapping],
    left: &mut u64,
) -> Option<Vec<Wanted>> {
    let memory = space::memory(pid).ok()?;
    let mut wanted = Vec::new();
    for mapping in mappings.iter().filter(|mapping| mapping.is_private_code && mapping.inode != 0) {
        let read = |start, length| space::read(&memory, start, length);
        let Some(found) = files.find(pid, mapping, read) else { continue };
        if found.sets_segment {
            return None;
        }
        *left += found.left as u64;
        if !found.stubs.is_empty() {
            wanted.push(Wanted { addresses: mapping.start..mapping.end, found });
        }
    }
    Some(wanted)
}

/// Whether two processes have the same memory; none if the kernel won't tell.
fn shares_memory(process: i32, other: i32) -> Option<bool> {
    const KCMP_VM: libc::c_int = 1;
    if other == 0 {
        return Some(false);
    }
    // SAFETY: the call takes numbers.
    let order = unsafe { libc::syscall(libc::SYS_kcmp, process, other, KCMP_VM, 0, 0) };
    match order {
        0 => Some(true),
        1..=3 => Some(false),
        _ => None,
    }
}

/// Maps hook, table, counter and areas; `path`, in the program, is the way to their file.
fn map_hook(remote: &mut Remote, path: u64) -> Result<bool> {
    let flags = (libc::O_RDWR | libc::O_CLOEXEC) as u64;
    let here = libc::AT_FDCWD as u64;
    let file = remote.call(libc::SYS_openat, [here, path, flags, 0, 0, 0])?;
    if file < 0 {
        return Ok(false);
    }
    let file = file as u64;
    let fixed = libc::MAP_FIXED_NOREPLACE;
    let code = (libc::PROT_READ | libc::PROT_EXEC) as u64;
    let private = (libc::MAP_PRIVATE | fixed) as u64;
    let data = (libc::PROT_READ | libc::PROT_WRITE) as u64;
    let shared = (libc::MAP_SHARED | fixed | libc::MAP_NORESERVE) as u64;
    let offset = CONTROL - hook::BASE;
    let mut map = |start: u64, arguments: [u64; 5]| {
        let [length, access, flags, file, offset] = arguments;
        let at = remote.call(libc::SYS_mmap, [start, length, access, flags, file, offset])?;
        Ok::<_, nix::Error>(at as u64 == start)
    };
    let mapped = map(hook::BASE, [CODE, code, private, file, 0])?
        && map(CONTROL, [SHARED, data, shared, file, offset])?;
    remote.call(libc::SYS_close, [file, 0, 0, 0, 0, 0])?;
    Ok(mapped)
}

/// Maps memory for the stubs of all that is wanted.
fn make_room(
    remote: &mut Remote,
    space: &mut Space,
    mappings: &[Mapping],
    wanted: &[Wanted],
) -> Result<bool> {
    // Each takes its part of what there is.
    let mut trial = space.clone();
    for Wanted { addresses, found } in wanted {
        if trial.take(addresses, found.size()).is_none()
            && let Some(room) = make_room_for(remote, space, mappings, addresses, found.size())?
        {
            trial.add_room(room);
            trial.take(addresses, found.size());
        }
    }
    Ok(true)
}

/// Maps memory for `size` bytes of stubs near `code`, and returns where, if that can be had.
fn make_room_for(
    remote: &mut Remote,
    space: &mut Space,
    mappings: &[Mapping],
    code: &Range<u64>,
    size: u64,
) -> Result<Option<Range<u64>>> {
    let Some(start) = space::place(mappings, code, size) else { return Ok(None) };
    let size = size.next_multiple_of(PIECE);
    let access = (libc::PROT_READ | libc::PROT_EXEC) as u64;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    let mapped =
        remote.call(libc::SYS_mmap, [start, size, access, flags as u64, u64::MAX, 0])? as u64;
    let room = (mapped == start).then_some(start..start + size);
    room.iter().for_each(|room| space.add_room(room.clone()));
    Ok(room)
}

/// Whether `pid` may only have so many addresses; none if it is gone.
fn limit_of_addresses(pid: i32) -> Option<bool> {
    let mut limit = libc::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    let resource = Resource::RLIMIT_AS as libc::__rlimit_resource_t;
    // SAFETY: the kernel fills in the limit, and changes none.
    let got = unsafe { libc::prlimit64(pid, resource, std::ptr::null(), &raw mut limit) };
    (got == 0).then_some(limit.rlim_cur != libc::RLIM64_INFINITY)
}
