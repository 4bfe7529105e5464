//! Numbers of the ELF specification, its GNU extensions, and the ABIs of x86-64 and AArch64.

pub const PT_LOAD: u32 = 1;
pub const PT_DYNAMIC: u32 = 2;
pub const PT_NOTE: u32 = 4;
pub const PT_TLS: u32 = 7;
pub const PT_GNU_PROPERTY: u32 = 0x6474_e553;
pub const PT_GNU_RELRO: u32 = 0x6474_e552;

pub const EXECUTABLE: u32 = 1;
pub const WRITABLE: u32 = 2;

pub const DT_NEEDED: u64 = 1;
pub const DT_PLTRELSZ: u64 = 2;
pub const DT_HASH: u64 = 4;
pub const DT_STRTAB: u64 = 5;
pub const DT_SYMTAB: u64 = 6;
pub const DT_RELA: u64 = 7;
pub const DT_RELASZ: u64 = 8;
pub const DT_RELAENT: u64 = 9;
pub const DT_STRSZ: u64 = 10;
pub const DT_SYMENT: u64 = 11;
pub const DT_INIT: u64 = 12;
pub const DT_FINI: u64 = 13;
pub const DT_SONAME: u64 = 14;
pub const DT_RPATH: u64 = 15;
pub const DT_REL: u64 = 17;
pub const DT_PLTREL: u64 = 20;
pub const DT_JMPREL: u64 = 23;
pub const DT_INIT_ARRAY: u64 = 25;
pub const DT_FINI_ARRAY: u64 = 26;
pub const DT_INIT_ARRAYSZ: u64 = 27;
pub const DT_FINI_ARRAYSZ: u64 = 28;
pub const DT_RUNPATH: u64 = 29;
pub const DT_PREINIT_ARRAY: u64 = 32;
pub const DT_RELRSZ: u64 = 35;
pub const DT_RELR: u64 = 36;
pub const DT_GNU_HASH: u64 = 0x6fff_fef5;
pub const DT_VERSYM: u64 = 0x6fff_fff0;
pub const DT_RELACOUNT: u64 = 0x6fff_fff9;
pub const DT_VERDEF: u64 = 0x6fff_fffc;
pub const DT_VERDEFNUM: u64 = 0x6fff_fffd;
pub const DT_VERNEED: u64 = 0x6fff_fffe;
pub const DT_VERNEEDNUM: u64 = 0x6fff_ffff;

/// Tags that plugins have no use for, and that make the linker do much.
pub const STRANGE: [u64; 6] =
    [DT_REL, DT_PREINIT_ARRAY, 0x6fff_fefb, 0x6fff_fefc, 0x7fff_fffd, 0x7fff_ffff];

pub const RELATIVE: u32 = if cfg!(target_arch = "aarch64") { 1027 } else { 8 };
pub const INDIRECT: u32 = if cfg!(target_arch = "aarch64") { 1032 } else { 37 };
pub const DIRECT: u32 = if cfg!(target_arch = "aarch64") { 257 } else { 1 };

/// Relocations that libraries have: none, 64, GLOB_DAT, JUMP_SLOT, RELATIVE, the four of thread-local storage,
/// IRELATIVE.
pub const KNOWN: &[u32] = if cfg!(target_arch = "aarch64") {
    &[0, 257, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032]
} else {
    &[0, 1, 6, 7, 8, 16, 17, 18, 36, 37]
};

pub const RELOCATION: u64 = 24;
pub const SYMBOL: u64 = 24;
