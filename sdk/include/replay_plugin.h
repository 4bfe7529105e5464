// For plugins in C. Written by `cargo xtask header` from sdk/abi; don't edit it.
//
// docs/plugin-abi.md has the rules, examples/c-plugin a plugin. What is said here of Rust's side holds for
// C's too; numbers whose meaning is a set of names are those of the constants that begin with it.

#pragma once

#include <stddef.h>
#include <stdint.h>

// The first bytes of every header.
#define REPLAY_MAGIC "syscall-plugin\r\n"

// Raised when something that crosses changes or goes: plugins must be built again.
#define REPLAY_ABI_MAJOR 1

// Raised when something is added. A host takes every plugin of its major version whose minor
// version isn't above its own.
//
// 1.1: options, plain C plugins, stubs, what a plugin last panicked of.
#define REPLAY_ABI_MINOR 1

// Major version of the record schema (names and meaning of columns) that this ABI's plugins declare.
#define REPLAY_SCHEMA_MAJOR 1

// Minor version of the record schema: raised when columns or record types are added.
#define REPLAY_SCHEMA_MINOR 1

// Built and tested together with the hosts of its release: they don't look after each of its calls.
#define REPLAY_FLAG_STOCK 1

// Hand over what the kernel returned in memory, through replay_host.returned.
#define REPLAY_WANT_VERIFY 1

// Ask for the data to write, through replay_host.payload.
#define REPLAY_WANT_PATTERN 2

// Ask for each path, through replay_host.path.
#define REPLAY_WANT_PATHS 4

// The trace is one by the original recorder: expect its defects (trace schema, §8).
#define REPLAY_WANT_REFERENCE 8

// The record says that it lacks data: of a value that is shorter than it was, zeros take the place of the
// rest. Since 1.1.
#define REPLAY_WANT_CUT 16

// Take on the program's users and groups, for this thread alone. Since 1.1.
#define REPLAY_WANT_CREDENTIALS 32

// Sockets of the network are real, on the loopback interface: make the calls on them. Since 1.1.
#define REPLAY_WANT_NETWORK 64

// The call was made: the outcome holds.
#define REPLAY_STATUS_MADE 0

// Not made: the call is one that a replay doesn't make. The recorded outcome stands.
#define REPLAY_STATUS_SIMULATED 1

// Not made: a descriptor of it is simulated.
#define REPLAY_STATUS_SIMULATED_DESCRIPTOR 2

// Not made: the trace never said where a descriptor of it came from.
#define REPLAY_STATUS_UNKNOWN_DESCRIPTOR 3

// Not made: the trace lacks data that it needs.
#define REPLAY_STATUS_NOT_CAPTURED 4

// Not made: it depends on the moment (a signal, or nothing to read yet).
#define REPLAY_STATUS_TIMING 5

// The plugin panicked; it has logged the message.
#define REPLAY_STATUS_PANICKED 6

// The plugin couldn't read the record; it has logged why.
#define REPLAY_STATUS_MALFORMED 7

// Not made: a descriptor of it is a standard stream that the replay doesn't touch.
#define REPLAY_STATUS_STANDARD_STREAM 8

// The descriptor is simulated.
#define REPLAY_FD_SIMULATED -2

// The trace never introduced it.
#define REPLAY_FD_UNKNOWN -3

// A standard stream that was there before the trace began and that the replay leaves alone.
#define REPLAY_FD_STANDARD_STREAM -4

// Something that stopped the plugin.
#define REPLAY_LOG_ERROR 1

// Something that people should know.
#define REPLAY_LOG_WARNING 2

// Something for `-v`.
#define REPLAY_LOG_INFO 3

// replay_host.create_task: the child shares the table of descriptors.
#define REPLAY_CHILD_SHARES_FILES 1

// replay_host.create_task: the child shares working directory, root and umask.
#define REPLAY_CHILD_SHARES_FS 2

// replay_host.create_task: the child is a thread of the same process.
#define REPLAY_CHILD_SHARES_THREAD_GROUP 4

// replay_host.create_task: the child shares memory.
#define REPLAY_CHILD_SHARES_MEMORY 8

// replay_host.diverged: index of a column that stands for the return value.
#define REPLAY_DIVERGED UINT32_MAX

// The plugin makes some of the calls.
#define REPLAY_PARTLY_SOME 1

// It may do so where the host wants REPLAY_WANT_NETWORK. Since 1.1.
#define REPLAY_PARTLY_NETWORK 2

// One bit.
#define REPLAY_KIND_BOOL 0

// An unsigned byte.
#define REPLAY_KIND_BYTE 1

// A signed 32-bit integer.
#define REPLAY_KIND_INT32 2

// A signed 64-bit integer.
#define REPLAY_KIND_INT64 3

// A double.
#define REPLAY_KIND_DOUBLE 4

// Bytes of any length.
#define REPLAY_KIND_VARIABLE32 5

// Bytes of one length.
#define REPLAY_KIND_FIXED_WIDTH 6

// Nowhere; reads as 0.
#define REPLAY_PLACE_NONE 0

// `offset` itself.
#define REPLAY_PLACE_CONSTANT 1

// Argument `index`, as the register held it.
#define REPLAY_PLACE_ARGUMENT 2

// The return value; −1 on failure.
#define REPLAY_PLACE_RETURN 3

// `width` bytes at `offset` of fetch `index`.
#define REPLAY_PLACE_MEMORY 4

// The positive errno of a failed call, else 0.
#define REPLAY_PLACE_ERRNO 5

// Length in bytes of fetch `index`.
#define REPLAY_PLACE_LENGTH 6

// `width` bytes at `offset` of the structure that an element row is about.
#define REPLAY_PLACE_ELEMENT 7

// `width` bits of argument `index`, from bit `offset` on.
#define REPLAY_PLACE_ARGUMENT_BITS 8

// Argument `index` times `offset`.
#define REPLAY_PLACE_ARGUMENT_TIMES 9

// The return value times `offset`; −1 on failure.
#define REPLAY_PLACE_RETURN_TIMES 10

// Always.
#define REPLAY_CONDITION_ALWAYS 0

// The call succeeded.
#define REPLAY_CONDITION_SUCCESS 1

// The call failed.
#define REPLAY_CONDITION_FAILURE 2

// `place & mask == value`.
#define REPLAY_CONDITION_EQUAL 3

// `place & mask != value`.
#define REPLAY_CONDITION_NOT_EQUAL 4

// `place & mask != 0`.
#define REPLAY_CONDITION_ANY 5

// `place` is below 64 and that bit of `mask` is set.
#define REPLAY_CONDITION_ONE_OF 6

// Never.
#define REPLAY_CONDITION_NEVER 7

// No value: null, or zero.
#define REPLAY_SOURCE_NONE 0

// `place & mask`, cut to the column's width (a mask of 0 keeps all).
#define REPLAY_SOURCE_NUMBER 1

// Boolean: `place & mask == value`.
#define REPLAY_SOURCE_EQUAL 2

// Boolean: `place & mask != 0`.
#define REPLAY_SOURCE_ANY 3

// The bytes of fetch number `value`, at most `place` of them if `place` is given.
#define REPLAY_SOURCE_BYTES 4

// A `struct timespec` at `place`, in 2⁻³² s.
#define REPLAY_SOURCE_TIMESPEC 5

// A `struct timeval` at `place`, in 2⁻³² s.
#define REPLAY_SOURCE_TIMEVAL 6

// Seconds at `place`, in 2⁻³² s.
#define REPLAY_SOURCE_SECONDS 7

// Element rows: the number of the element, from 0.
#define REPLAY_SOURCE_ELEMENT_NUMBER 8

// Element rows: the element's length as the program gave it.
#define REPLAY_SOURCE_ELEMENT_LENGTH 9

// Element rows: the element's bytes.
#define REPLAY_SOURCE_ELEMENT_BYTES 10

// Element rows: where the element is in the program's memory.
#define REPLAY_SOURCE_ELEMENT_ADDRESS 11

// Element rows: the bytes that belong to the item of the same number in fetch number `value`, which is one of
// structures of `place` bytes. Since 1.1.
#define REPLAY_SOURCE_BESIDE 12

// A string up to and with its NUL.
#define REPLAY_FETCH_STRING 0

// `length` bytes.
#define REPLAY_FETCH_BYTES 1

// The buffers of `length` I/O vectors.
#define REPLAY_FETCH_VECTORS 2

// Strings, behind an array of pointers that ends with a null pointer.
#define REPLAY_FETCH_STRINGS 3

// `length` structures, with the buffers that belong to them; see struct replay_item.
#define REPLAY_FETCH_STRUCTURES 4

// The array is one of pointers to the structures.
#define REPLAY_ITEM_BEHIND_POINTERS 1

// A buffer belongs to each structure.
#define REPLAY_ITEM_HAS_BUFFER 2

// It is one of I/O vectors, as many as the length says, whose bytes are put together.
#define REPLAY_ITEM_IS_VECTORS 4

// The buffer's pointer stands in another structure.
#define REPLAY_ITEM_VIA 8

// One row per call.
#define REPLAY_ROWS_SINGLE 0

// A head row numbered −1, then rows from 0 on, one per item of the fetch.
#define REPLAY_ROWS_HEAD_FIRST 1

// Rows from 0 on; the last one is numbered −1.
#define REPLAY_ROWS_TAIL_LAST 2

// Itself.
#define REPLAY_ROLE_NONE 0

// A descriptor of the traced process.
#define REPLAY_ROLE_DESCRIPTOR 1

// A descriptor that a successful call creates.
#define REPLAY_ROLE_NEW_DESCRIPTOR 2

// A descriptor that the call closes, whatever it returns.
#define REPLAY_ROLE_CLOSED_DESCRIPTOR 3

// A path with its NUL, resolved by the kernel.
#define REPLAY_ROLE_PATH 4

// A process or thread id of the trace.
#define REPLAY_ROLE_TASK 5

// Flags of clone(2) that say what a new task shares with its creator.
#define REPLAY_ROLE_SHARES 6

// The text of a symbolic link, with its NUL: a path that the kernel doesn't look up.
#define REPLAY_ROLE_TARGET 7

// Data that the call moves, and that means nothing to the kernel: what a recorder may cut short or
// hide where it is asked to.
#define REPLAY_ROLE_PAYLOAD 8

// A string of a program's environment.
#define REPLAY_ROLE_ENVIRONMENT 9

// A path of a name that the call makes. Since 1.1.
#define REPLAY_ROLE_MADE_PATH 10

// A path of a name that the call takes away. Since 1.1.
#define REPLAY_ROLE_REMOVED_PATH 11

// A descriptor of the traced process that data is taken from and no more, though the call does more than
// look. Since 1.1.
#define REPLAY_ROLE_SOURCE 12

// The user or group that a file belongs to. Since 1.1.
#define REPLAY_ROLE_OWNER 13

// Files, names, or the machine.
#define REPLAY_CHANGES_ANYTHING 0

// Nothing but what its descriptors are open on.
#define REPLAY_CHANGES_DESCRIPTORS 1

// Nothing: it changes the process itself, or how a file is used meanwhile (a lock), or that what was
// written is kept.
#define REPLAY_CHANGES_NOTHING 2

// The program that the process runs.
#define REPLAY_CHANGES_PROGRAM 3

// A number that must be equal.
#define REPLAY_RETURNS_NUMBER 0

// A new descriptor: success and failure are compared, the number is mapped.
#define REPLAY_RETURNS_DESCRIPTOR 1

// The id of a new process or thread, likewise.
#define REPLAY_RETURNS_CHILD 2

// An address, likewise.
#define REPLAY_RETURNS_ADDRESS 3

// Only success and failure are compared.
#define REPLAY_RETURNS_STATUS 4

// Does not return.
#define REPLAY_RETURNS_NEVER 5

// It lists the directory that its descriptor is on.
#define REPLAY_EFFECT_LISTS 1

// It maps the file of its descriptor shared, at the address that it returns.
#define REPLAY_EFFECT_MAPS 2

// It ends, moves or resizes mappings, or shuts them.
#define REPLAY_EFFECT_UNMAPS 4

// It brings what was stored through mappings to their files.
#define REPLAY_EFFECT_SYNCS 8

// No call has this record type: a recorder makes up a record for each page that was stored through
// a mapping. Argument 0 is the file's descriptor, or −1 if the process has none any more; the first
// fetch is the page, argument 2 its length, argument 3 its offset in the file, and the second fetch
// the file's path if there is no descriptor.
#define REPLAY_EFFECT_STORED 16

// It maps the file of its descriptor, shared or not, at the address that it returns; whatever the
// condition on effects says.
#define REPLAY_EFFECT_LOADS 32

// No call has this record type: a recorder makes up records for what can be read through mappings of
// files. Argument 0 is the file's descriptor, argument 1 the address, argument 2 the length, argument 3 the
// offset in the file, and the first fetch the content.
#define REPLAY_EFFECT_LOADED 64

// This type has no such record.
#define REPLAY_START_NONE 0

// Argument 0 is its umask; it returned 0.
#define REPLAY_START_UMASK 1

// Not at all.
#define REPLAY_COMPARE_NONE 0

// The same value.
#define REPLAY_COMPARE_EQUAL 1

// A decimal number, or bytes as text where they are.
#define REPLAY_DISPLAY_PLAIN 0

// An octal number.
#define REPLAY_DISPLAY_OCTAL 1

// A hexadecimal number.
#define REPLAY_DISPLAY_HEX 2

// Names of the bits that are set.
#define REPLAY_DISPLAY_FLAGS 3

// The name of the value.
#define REPLAY_DISPLAY_NAMES 4

// A descriptor; −100 is `AT_FDCWD`.
#define REPLAY_DISPLAY_DESCRIPTOR 5

// A path.
#define REPLAY_DISPLAY_PATH 6

// A time in 2⁻³² s.
#define REPLAY_DISPLAY_TIME 7

// True or false.
#define REPLAY_OPTION_BOOL 0

// A signed 64-bit integer.
#define REPLAY_OPTION_INTEGER 1

// UTF-8 text.
#define REPLAY_OPTION_STRING 2

// A path, UTF-8; a relative one is relative to the manifest that has it, or to the working directory.
#define REPLAY_OPTION_PATH 3

// One of the declared choices.
#define REPLAY_OPTION_CHOICE 4

// UTF-8 text that lives as long as the plugin.
struct replay_text {
    // First byte; may be dangling when `length` is 0.
    const uint8_t *start;
    // Length in bytes.
    size_t length;
};

// A list of replay_texts that lives as long as the plugin.
struct replay_text_list {
    // First item; may be null when `count` is 0.
    const struct replay_text *start;
    // Number of items.
    size_t count;
};

// Where a number is found.
struct replay_place {
    // See REPLAY_PLACE_….
    uint8_t kind;
    // Number of the argument or of the fetch.
    uint8_t index;
    // Bytes of memory: 1, 2, 4 or 8.
    uint8_t width;
    // Non-zero: extend the sign.
    uint8_t signed_;
    // Byte offset in the fetched memory, or the constant itself.
    uint32_t offset;
};

// When something applies.
struct replay_condition {
    // See REPLAY_CONDITION_….
    uint32_t op;
    // The number that is looked at.
    struct replay_place place;
    // Operand.
    uint64_t mask;
    // Operand.
    uint64_t value;
};

// How a column's value is made from a captured call.
struct replay_source {
    // See REPLAY_SOURCE_….
    uint32_t op;
    // The number, the place of a structure, or a limit of length.
    struct replay_place place;
    // Operand.
    uint64_t mask;
    // Operand.
    uint64_t value;
    // When this source applies.
    struct replay_condition when;
};

// A list of replay_sources that lives as long as the plugin.
struct replay_source_list {
    // First item; may be null when `count` is 0.
    const struct replay_source *start;
    // Number of items.
    size_t count;
};

// A named bit, group of bits, or value of a column.
struct replay_bit {
    // Boolean column that is true when it is set; empty if there is none.
    struct replay_text column;
    // The constant's name, as `O_APPEND`.
    struct replay_text name;
    // Which bits are looked at.
    uint64_t mask;
    // What they must be.
    uint64_t value;
    // When the bit means this at all.
    struct replay_condition when;
};

// A list of replay_bits that lives as long as the plugin.
struct replay_bit_list {
    // First item; may be null when `count` is 0.
    const struct replay_bit *start;
    // Number of items.
    size_t count;
};

// A column of a record type.
struct replay_column {
    // Name, as in the trace schema.
    struct replay_text name;
    // Type; see REPLAY_KIND_….
    uint32_t kind;
    // Width in bytes if `kind` is REPLAY_KIND_FIXED_WIDTH, else 0.
    uint32_t size;
    // Non-zero if the column can be null.
    uint32_t nullable;
    // What the value stands for; see REPLAY_ROLE_….
    uint32_t role;
    // Where the value comes from: the first source whose condition holds. None holds: null, or zero.
    struct replay_source_list sources;
    // The same for the rows that follow the first one.
    struct replay_source_list elements;
    // How a replayed value is compared; see REPLAY_COMPARE_….
    uint32_t compare;
    // How the value is shown to people; see REPLAY_DISPLAY_….
    uint32_t display;
    // When the comparison applies; evaluated on the replayed call.
    struct replay_condition compare_when;
    // Names of bits or values, for REPLAY_DISPLAY_FLAGS and
    // REPLAY_DISPLAY_NAMES.
    struct replay_bit_list bits;
    // Non-zero: the original schema's type doesn't have it.
    uint32_t added;
    // Zero.
    uint32_t extra[3];
};

// A list of replay_columns that lives as long as the plugin.
struct replay_column_list {
    // First item; may be null when `count` is 0.
    const struct replay_column *start;
    // Number of items.
    size_t count;
};

// A structure in an array, and the memory that belongs to it.
struct replay_item {
    // Bytes of the structure; 0 if items are no structures.
    uint32_t size;
    // See REPLAY_ITEM_….
    uint32_t flags;
    // Where in the structure the pointer to its buffer stands.
    uint32_t pointer;
    // Where in the structure the buffer's length stands: a word of 8 bytes.
    uint32_t length;
    // With REPLAY_ITEM_VIA: where in the structure the pointer to another one stands, which has the
    // buffer's pointer.
    uint32_t via;
    // Bytes of that other structure, which are put behind those of the first one.
    uint32_t via_size;
    // Never more bytes of the buffer than this number; no limit if it is REPLAY_PLACE_NONE.
    struct replay_place limit;
    // When the buffer is copied; may look at the structure, as REPLAY_PLACE_ELEMENT.
    struct replay_condition when;
};

// Memory of the program that a recorder copies.
struct replay_fetch {
    // See REPLAY_FETCH_….
    uint32_t op;
    // Non-zero: when the call returns; zero: when it is entered.
    uint32_t at_exit;
    // Where it starts.
    struct replay_place address;
    // How long it is in bytes, or how many items it has.
    struct replay_place length;
    // Never more bytes than this; 0 sets no limit.
    uint64_t limit;
    // When it is copied at all.
    struct replay_condition when;
    // What each item is, for REPLAY_FETCH_STRUCTURES.
    struct replay_item item;
};

// A list of replay_fetchs that lives as long as the plugin.
struct replay_fetch_list {
    // First item; may be null when `count` is 0.
    const struct replay_fetch *start;
    // Number of items.
    size_t count;
};

// How the rows of one call follow one another.
struct replay_row_rule {
    // See REPLAY_ROWS_….
    uint32_t op;
    // Index of the column that numbers the rows.
    uint32_t number;
    // Index of the fetch whose items become the following rows.
    uint32_t fetch;
    // Zero.
    uint32_t extra;
};

// Where a declared column lies in the rows of this file.
struct replay_slot {
    // Byte offset in a row, or `u32::MAX` if the file lacks the column.
    uint32_t offset;
    // Byte offset of the null bit, or `u32::MAX` if the column is never null.
    uint32_t null_offset;
    // Mask of a boolean's bit.
    uint8_t mask;
    // Mask of the null bit.
    uint8_t null_mask;
    // Type of the column in this file; see REPLAY_KIND_….
    uint8_t kind;
    // Zero.
    uint8_t reserved;
    // Bytes of a fixed-width column.
    uint32_t size;
};

// One row, borrowed from its extent. Numbers are in the host's byte order.
struct replay_row {
    // The row's fixed part.
    const uint8_t *fixed;
    // The extent's variable part, every offset into it checked; null if it wasn't decoded, and then
    // only columns that are compared may need it.
    const uint8_t *pool;
};

// One recorded call, borrowed for the time of its replay.
struct replay_record {
    // The columns that the plugin declared, in its order.
    const struct replay_slot *slots;
    // The rows, the first one first.
    const struct replay_row *rows;
    // Number of `slots`.
    uint32_t slot_count;
    // Number of `rows`, at least 1.
    uint32_t row_count;
    // The order id of the call.
    int64_t unique_id;
    // What the call returned; −1 on failure.
    int64_t return_value;
    // The positive errno of a failed call, else 0.
    int32_t errno_number;
    // The thread that made it.
    int32_t task;
    // What the host wants of the plugin; see REPLAY_WANT_….
    uint32_t wants;
    // Which memory the program has: the same number for all tasks that share theirs.
    uint32_t memory;
};

// What a host does for a plugin while it replays a record.
//
// All of it acts on the traced process that the record belongs to, which is what `context` names.
// The memory that a host hands out stays until the replay of the record ends.
struct replay_host {
    // The descriptor that stands for `traced`, or a value of REPLAY_FD_….
    int32_t (*descriptor)(void *context, int32_t traced);
    // Non-zero if data moves through `traced` as it comes: a pipe, a socket.
    uint32_t (*is_stream)(void *context, int32_t traced);
    // `replayed` stands for `traced` from now on; a negative one makes `traced` simulated.
    void (*adopt)(void *context, int32_t traced, int32_t replayed);
    // Forgets `traced` and answers as replay_host.descriptor did; closing it is the plugin's.
    int32_t (*release)(void *context, int32_t traced);
    // Makes `new` another name of what `old` stands for, without a call.
    void (*alias)(void *context, int32_t old, int32_t new_);
    // Writable, page-aligned memory of `length` bytes for the pointer argument `index`; null if
    // there is none to be had.
    uint8_t *(*scratch)(void *context, uint32_t index, uint64_t length);
    // What the kernel filled in for fetch `fetch`; items, as struct replay_fetched describes them, if it is of
    // strings or vectors.
    void (*returned)(void *context, uint32_t fetch, const uint8_t *start, uint64_t length);
    // The `length` bytes to write in place of `recorded`.
    const uint8_t *(*payload)(void *context, const uint8_t *recorded, uint64_t length);
    // The path to use for `recorded`, both with a NUL at their end; `length` counts it. Null if it leads
    // nowhere in this replay.
    const uint8_t *(*path)(void *context, const uint8_t *recorded, uint64_t length);
    // Four words of the plugin's own that stay with the descriptor until it is closed; null if the
    // descriptor is unknown.
    uint64_t *(*note)(void *context, int32_t traced);
    // A new process or thread starts with what `shares` says in common with this one.
    void (*create_task)(void *context, int32_t task, uint32_t shares);
    // The process runs a new program: descriptors marked close-on-exec go.
    void (*execute)(void *context);
    // The thread ends, or with `whole` non-zero all threads of its process.
    void (*exit)(void *context, uint32_t whole);
    // A difference that the plugin found itself: the column's index, or REPLAY_DIVERGED for the return
    // value, and both values as text.
    void (*diverged)(void *context,
                     uint32_t column,
                     const uint8_t *expected,
                     uint64_t expected_length,
                     const uint8_t *got,
                     uint64_t got_length);
    // The process no longer has what `shares` says in common with others.
    void (*unshare)(void *context, uint32_t shares);
    // From now on the whole replay knows `value` by `name`: what plugins tell one another. A null value is
    // none.
    void (*remember)(void *context,
                     const uint8_t *name,
                     uint64_t name_length,
                     const uint8_t *value,
                     uint64_t value_length);
    // The value that is known by `name`, and its length; null if there is none.
    const uint8_t *(*recall)(void *context,
                             const uint8_t *name,
                             uint64_t name_length,
                             uint64_t *value_length);
    // A message; see REPLAY_LOG_….
    void (*log)(void *context, uint32_t level, const uint8_t *text, uint64_t length);
    // A new descriptor of this process, marked close-on-exec, for what stands for `traced` in the process of
    // task `task`; or a value of REPLAY_FD_…. Since 1.1.
    int32_t (*descriptor_of)(void *context, int32_t task, int32_t traced);
    // Sees to it that the socket `traced` of the network is ready to be read, for a call that found it so: somebody
    // who stands for one outside the trace connects to it if it listens, or sends what the next call takes from
    // it. Non-zero if somebody does. Since 1.1.
    uint32_t (*expect)(void *context, int32_t traced);
    // The port at 127.0.0.1 where somebody who stands for one outside the trace waits for one connection; 0 if
    // there is nobody. Since 1.1.
    uint32_t (*counterpart)(void *context);
};

// What the kernel said this time.
struct replay_outcome {
    // What the call returned; −1 on failure.
    int64_t return_value;
    // The positive errno of a failed call, else 0.
    int32_t errno_number;
    // Zero.
    uint32_t reserved;
};

// Memory of the program as it was copied.
//
// Strings, vectors and structures come as a sequence of items, each a header of three words (address,
// length as the program gave it, bytes that follow), the structure if it is one, and the bytes.
struct replay_fetched {
    // First byte; null if nothing was copied.
    const uint8_t *start;
    // Length in bytes.
    uint64_t length;
    // Non-zero if it should have been copied and couldn't be.
    uint32_t failed;
    // Zero.
    uint32_t reserved;
};

// A captured call, for replay_call.encode.
struct replay_event {
    // The arguments, as the registers held them.
    uint64_t arguments[6];
    // What the call returned; −1 on failure.
    int64_t return_value;
    // The positive errno of a failed call, else 0.
    int32_t errno_number;
    // Non-zero if the call returned.
    uint32_t returned;
    // The declared fetches, in their order.
    const struct replay_fetched *fetched;
    // Number of `fetched`.
    uint32_t fetched_count;
    // Kernel number of the call.
    uint32_t number;
};

// Where replay_call.encode puts rows. Columns are numbered as declared; a column that isn't set
// is null, or zero if it can't be.
struct replay_row_sink {
    // Names the sink to its functions.
    void *context;
    // Starts the next row. `complete` is zero for rows that are written before the call returned.
    void (*row)(void *context, uint32_t complete);
    // Sets an integer or boolean column of the current row.
    void (*number)(void *context, uint32_t column, int64_t value);
    // Sets a column of bytes of the current row.
    void (*bytes)(void *context, uint32_t column, const uint8_t *start, uint64_t length);
};

// One record type: its columns, how they are captured, and how a record is replayed.
struct replay_call {
    // Name of the extent without the common prefix, as `pread`.
    struct replay_text extent;
    // Kernel names of the system calls that are recorded here, as `pread64`; none if other things
    // than calls are.
    struct replay_text_list syscalls;
    // Call-specific columns, in the order in which the plugin's rows index them.
    struct replay_column_list columns;
    // Memory that a recorder copies from the program.
    struct replay_fetch_list fetches;
    // How further rows follow the first one.
    struct replay_row_rule rows;
    // What the return value is; see REPLAY_RETURNS_….
    uint32_t returns;
    // When it is that, evaluated on the recorded arguments; it is a number otherwise.
    struct replay_condition returns_when;
    // Non-zero: the row is written, and its order id taken, when the call is entered.
    uint32_t at_entry;
    // What the record that a recorder makes up before all others says, if it is of this type; see
    // REPLAY_START_….
    uint32_t start;
    // Non-zero: the call can wait for what another process does (the other end of a pipe, a lock).
    uint32_t blocks;
    // Non-zero: the call tells or sets which CPUs a task may use, which a recorder may have narrowed.
    uint32_t cpus;
    // When the call only looks: it changes no file and no name. Evaluated on the recorded arguments.
    struct replay_condition looks;
    // Non-zero: the call changes the working directory, the root or the umask.
    uint32_t changes_fs;
    // Non-zero: the call leaves the descriptors that it is on as they are, open and at the same place.
    uint32_t keeps_offset;
    // Why the call is not made again, or empty if it is.
    struct replay_text simulated;
    // Which of the calls are simulated: all if 0, else as the plugin says; see REPLAY_PARTLY_….
    uint32_t partly;
    // Makes the call again; returns a REPLAY_STATUS_….
    uint32_t (*replay)(const struct replay_record *record,
                       const struct replay_host *host,
                       void *context,
                       struct replay_outcome *outcome);
    // Writes the rows of a captured call where the columns' sources can't say it.
    uint32_t (*encode)(const struct replay_event *event, const struct replay_row_sink *sink);
    // Classes that people select calls by, as `network`, beyond those that the columns tell (`file` for
    // paths, `desc` for descriptors). Since 1.1.
    struct replay_text_list classes;
    // What the call changes where it does more than look; see REPLAY_CHANGES_…. Since 1.1.
    uint32_t changes;
    // Non-zero: the call may need a right that the program had and a replay lacks, as that to give a file
    // away. Since 1.1.
    uint32_t privileged;
    // Why a recorder has the kernel refuse the call (`ENOSYS`) unless it is told to let it through, or
    // empty if it doesn't. Since 1.1.
    struct replay_text refused;
    // What a recorder doesn't see of the call, or empty: as many of it as the call returns, as
    // `requests`. Since 1.1.
    struct replay_text hides;
    // What else a recorder must know that the call does: bits of REPLAY_EFFECT_…. Since 1.1.
    uint32_t effects;
    // When it does that; evaluated on the arguments.
    struct replay_condition effects_when;
};

// The value of an option.
struct replay_option_value {
    // See REPLAY_OPTION_….
    uint32_t kind;
    // Zero.
    uint32_t reserved;
    // The integer, or 0 and 1 for false and true.
    int64_t number;
    // The string, path or choice. In values that a host hands over, a NUL follows it and none is within.
    struct replay_text text;
};

// An option of a plugin.
struct replay_option_declaration {
    // Name: lower-case letters, digits, `-` and `_`.
    struct replay_text name;
    // One sentence for people.
    struct replay_text help;
    // What it is when nobody sets it; its kind is the option's.
    struct replay_option_value default_;
    // The values to choose from, for REPLAY_OPTION_CHOICE.
    struct replay_text_list choices;
    // The lowest integer that is taken, for REPLAY_OPTION_INTEGER.
    int64_t minimum;
    // The highest one.
    int64_t maximum;
};

// A list of replay_option_declarations that lives as long as the plugin.
struct replay_option_declaration_list {
    // First item; may be null when `count` is 0.
    const struct replay_option_declaration *start;
    // Number of items.
    size_t count;
};

// A list of replay_option_values that lives as long as the plugin.
struct replay_option_value_list {
    // First item; may be null when `count` is 0.
    const struct replay_option_value *start;
    // Number of items.
    size_t count;
};

// What a plain plugin has.
struct replay_module {
    // Bytes of this structure, as the plugin was built.
    uint32_t size;
    // Bytes of each of `calls`, as the plugin was built; what newer fields would follow are zero.
    uint32_t call_size;
    // Its calls, in the order of the header's claims.
    const struct replay_call *calls;
    // Number of `calls`.
    size_t call_count;
    // What people may set of it.
    struct replay_option_declaration_list options;
    // Takes the options' values, as replay_module.configure does; null if there are
    // none.
    void (*configure)(struct replay_option_value_list values);
};

// Who asks for a module.
struct replay_about {
    // Bytes of this structure.
    uint32_t size;
    // The host's REPLAY_ABI_MAJOR.
    uint16_t abi_major;
    // The host's REPLAY_ABI_MINOR; never below the one in the plugin's header.
    uint16_t abi_minor;
    // Bytes of the host's struct replay_host. All functions that the plugin's header file knows are there.
    uint32_t host_size;
    // Zero.
    uint32_t reserved;
};

// Names and versions of a plugin, as 1024 bytes without a pointer in them.
//
// A host finds it by REPLAY_HEADER_SYMBOL and reads it straight from the file.
struct replay_header {
    // REPLAY_MAGIC.
    uint8_t magic[16];
    // Size of this structure in bytes.
    uint32_t size;
    // REPLAY_ABI_MAJOR at the time the plugin was built.
    uint16_t abi_major;
    // REPLAY_ABI_MINOR at the time the plugin was built.
    uint16_t abi_minor;
    // REPLAY_SCHEMA_MAJOR at the time the plugin was built.
    uint16_t schema_major;
    // REPLAY_SCHEMA_MINOR at the time the plugin was built.
    uint16_t schema_minor;
    // See REPLAY_FLAG_…; an unknown bit means nothing.
    uint32_t flags;
    // The plugin's name, padded with NUL.
    uint8_t name[64];
    // The plugin's own version, padded with NUL.
    uint8_t version[32];
    // One line per record type, `extent=syscall,syscall\n`, padded with NUL. A type that no system
    // call makes has none behind the `=`.
    uint8_t claims[896];
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// A plugin exports this function beside its header. It gives the host the plugin's
// module; null if the plugin doesn't want this host.
const struct replay_module *replay_plugin_v1(const struct replay_about *about);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

// A compiler that lays these out in another way can't make plugins.
#ifdef __cplusplus
#define REPLAY_ASSERT(CONDITION) static_assert(CONDITION, #CONDITION)
#else
#define REPLAY_ASSERT(CONDITION) _Static_assert(CONDITION, #CONDITION)
#endif
REPLAY_ASSERT(sizeof(struct replay_header) == 1024);
REPLAY_ASSERT(offsetof(struct replay_header, magic) == 0);
REPLAY_ASSERT(offsetof(struct replay_header, size) == 16);
REPLAY_ASSERT(offsetof(struct replay_header, abi_major) == 20);
REPLAY_ASSERT(offsetof(struct replay_header, abi_minor) == 22);
REPLAY_ASSERT(offsetof(struct replay_header, schema_major) == 24);
REPLAY_ASSERT(offsetof(struct replay_header, schema_minor) == 26);
REPLAY_ASSERT(offsetof(struct replay_header, flags) == 28);
REPLAY_ASSERT(offsetof(struct replay_header, name) == 32);
REPLAY_ASSERT(offsetof(struct replay_header, version) == 96);
REPLAY_ASSERT(offsetof(struct replay_header, claims) == 128);
REPLAY_ASSERT(sizeof(struct replay_slot) == 16);
REPLAY_ASSERT(offsetof(struct replay_slot, offset) == 0);
REPLAY_ASSERT(offsetof(struct replay_slot, null_offset) == 4);
REPLAY_ASSERT(offsetof(struct replay_slot, mask) == 8);
REPLAY_ASSERT(offsetof(struct replay_slot, null_mask) == 9);
REPLAY_ASSERT(offsetof(struct replay_slot, kind) == 10);
REPLAY_ASSERT(offsetof(struct replay_slot, reserved) == 11);
REPLAY_ASSERT(offsetof(struct replay_slot, size) == 12);
REPLAY_ASSERT(sizeof(struct replay_row) == 16);
REPLAY_ASSERT(offsetof(struct replay_row, fixed) == 0);
REPLAY_ASSERT(offsetof(struct replay_row, pool) == 8);
REPLAY_ASSERT(sizeof(struct replay_record) == 56);
REPLAY_ASSERT(offsetof(struct replay_record, slots) == 0);
REPLAY_ASSERT(offsetof(struct replay_record, rows) == 8);
REPLAY_ASSERT(offsetof(struct replay_record, slot_count) == 16);
REPLAY_ASSERT(offsetof(struct replay_record, row_count) == 20);
REPLAY_ASSERT(offsetof(struct replay_record, unique_id) == 24);
REPLAY_ASSERT(offsetof(struct replay_record, return_value) == 32);
REPLAY_ASSERT(offsetof(struct replay_record, errno_number) == 40);
REPLAY_ASSERT(offsetof(struct replay_record, task) == 44);
REPLAY_ASSERT(offsetof(struct replay_record, wants) == 48);
REPLAY_ASSERT(offsetof(struct replay_record, memory) == 52);
REPLAY_ASSERT(sizeof(struct replay_outcome) == 16);
REPLAY_ASSERT(offsetof(struct replay_outcome, return_value) == 0);
REPLAY_ASSERT(offsetof(struct replay_outcome, errno_number) == 8);
REPLAY_ASSERT(offsetof(struct replay_outcome, reserved) == 12);
REPLAY_ASSERT(sizeof(struct replay_host) == 168);
REPLAY_ASSERT(offsetof(struct replay_host, descriptor) == 0);
REPLAY_ASSERT(offsetof(struct replay_host, is_stream) == 8);
REPLAY_ASSERT(offsetof(struct replay_host, adopt) == 16);
REPLAY_ASSERT(offsetof(struct replay_host, release) == 24);
REPLAY_ASSERT(offsetof(struct replay_host, alias) == 32);
REPLAY_ASSERT(offsetof(struct replay_host, scratch) == 40);
REPLAY_ASSERT(offsetof(struct replay_host, returned) == 48);
REPLAY_ASSERT(offsetof(struct replay_host, payload) == 56);
REPLAY_ASSERT(offsetof(struct replay_host, path) == 64);
REPLAY_ASSERT(offsetof(struct replay_host, note) == 72);
REPLAY_ASSERT(offsetof(struct replay_host, create_task) == 80);
REPLAY_ASSERT(offsetof(struct replay_host, execute) == 88);
REPLAY_ASSERT(offsetof(struct replay_host, exit) == 96);
REPLAY_ASSERT(offsetof(struct replay_host, diverged) == 104);
REPLAY_ASSERT(offsetof(struct replay_host, unshare) == 112);
REPLAY_ASSERT(offsetof(struct replay_host, remember) == 120);
REPLAY_ASSERT(offsetof(struct replay_host, recall) == 128);
REPLAY_ASSERT(offsetof(struct replay_host, log) == 136);
REPLAY_ASSERT(offsetof(struct replay_host, descriptor_of) == 144);
REPLAY_ASSERT(offsetof(struct replay_host, expect) == 152);
REPLAY_ASSERT(offsetof(struct replay_host, counterpart) == 160);
REPLAY_ASSERT(sizeof(struct replay_event) == 80);
REPLAY_ASSERT(offsetof(struct replay_event, arguments) == 0);
REPLAY_ASSERT(offsetof(struct replay_event, return_value) == 48);
REPLAY_ASSERT(offsetof(struct replay_event, errno_number) == 56);
REPLAY_ASSERT(offsetof(struct replay_event, returned) == 60);
REPLAY_ASSERT(offsetof(struct replay_event, fetched) == 64);
REPLAY_ASSERT(offsetof(struct replay_event, fetched_count) == 72);
REPLAY_ASSERT(offsetof(struct replay_event, number) == 76);
REPLAY_ASSERT(sizeof(struct replay_fetched) == 24);
REPLAY_ASSERT(offsetof(struct replay_fetched, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_fetched, length) == 8);
REPLAY_ASSERT(offsetof(struct replay_fetched, failed) == 16);
REPLAY_ASSERT(offsetof(struct replay_fetched, reserved) == 20);
REPLAY_ASSERT(sizeof(struct replay_row_sink) == 32);
REPLAY_ASSERT(offsetof(struct replay_row_sink, context) == 0);
REPLAY_ASSERT(offsetof(struct replay_row_sink, row) == 8);
REPLAY_ASSERT(offsetof(struct replay_row_sink, number) == 16);
REPLAY_ASSERT(offsetof(struct replay_row_sink, bytes) == 24);
REPLAY_ASSERT(sizeof(struct replay_text) == 16);
REPLAY_ASSERT(offsetof(struct replay_text, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_text, length) == 8);
REPLAY_ASSERT(sizeof(struct replay_call) == 312);
REPLAY_ASSERT(offsetof(struct replay_call, extent) == 0);
REPLAY_ASSERT(offsetof(struct replay_call, syscalls) == 16);
REPLAY_ASSERT(offsetof(struct replay_call, columns) == 32);
REPLAY_ASSERT(offsetof(struct replay_call, fetches) == 48);
REPLAY_ASSERT(offsetof(struct replay_call, rows) == 64);
REPLAY_ASSERT(offsetof(struct replay_call, returns) == 80);
REPLAY_ASSERT(offsetof(struct replay_call, returns_when) == 88);
REPLAY_ASSERT(offsetof(struct replay_call, at_entry) == 120);
REPLAY_ASSERT(offsetof(struct replay_call, start) == 124);
REPLAY_ASSERT(offsetof(struct replay_call, blocks) == 128);
REPLAY_ASSERT(offsetof(struct replay_call, cpus) == 132);
REPLAY_ASSERT(offsetof(struct replay_call, looks) == 136);
REPLAY_ASSERT(offsetof(struct replay_call, changes_fs) == 168);
REPLAY_ASSERT(offsetof(struct replay_call, keeps_offset) == 172);
REPLAY_ASSERT(offsetof(struct replay_call, simulated) == 176);
REPLAY_ASSERT(offsetof(struct replay_call, partly) == 192);
REPLAY_ASSERT(offsetof(struct replay_call, replay) == 200);
REPLAY_ASSERT(offsetof(struct replay_call, encode) == 208);
REPLAY_ASSERT(offsetof(struct replay_call, classes) == 216);
REPLAY_ASSERT(offsetof(struct replay_call, changes) == 232);
REPLAY_ASSERT(offsetof(struct replay_call, privileged) == 236);
REPLAY_ASSERT(offsetof(struct replay_call, refused) == 240);
REPLAY_ASSERT(offsetof(struct replay_call, hides) == 256);
REPLAY_ASSERT(offsetof(struct replay_call, effects) == 272);
REPLAY_ASSERT(offsetof(struct replay_call, effects_when) == 280);
REPLAY_ASSERT(sizeof(struct replay_column) == 136);
REPLAY_ASSERT(offsetof(struct replay_column, name) == 0);
REPLAY_ASSERT(offsetof(struct replay_column, kind) == 16);
REPLAY_ASSERT(offsetof(struct replay_column, size) == 20);
REPLAY_ASSERT(offsetof(struct replay_column, nullable) == 24);
REPLAY_ASSERT(offsetof(struct replay_column, role) == 28);
REPLAY_ASSERT(offsetof(struct replay_column, sources) == 32);
REPLAY_ASSERT(offsetof(struct replay_column, elements) == 48);
REPLAY_ASSERT(offsetof(struct replay_column, compare) == 64);
REPLAY_ASSERT(offsetof(struct replay_column, display) == 68);
REPLAY_ASSERT(offsetof(struct replay_column, compare_when) == 72);
REPLAY_ASSERT(offsetof(struct replay_column, bits) == 104);
REPLAY_ASSERT(offsetof(struct replay_column, added) == 120);
REPLAY_ASSERT(offsetof(struct replay_column, extra) == 124);
REPLAY_ASSERT(sizeof(struct replay_bit) == 80);
REPLAY_ASSERT(offsetof(struct replay_bit, column) == 0);
REPLAY_ASSERT(offsetof(struct replay_bit, name) == 16);
REPLAY_ASSERT(offsetof(struct replay_bit, mask) == 32);
REPLAY_ASSERT(offsetof(struct replay_bit, value) == 40);
REPLAY_ASSERT(offsetof(struct replay_bit, when) == 48);
REPLAY_ASSERT(sizeof(struct replay_place) == 8);
REPLAY_ASSERT(offsetof(struct replay_place, kind) == 0);
REPLAY_ASSERT(offsetof(struct replay_place, index) == 1);
REPLAY_ASSERT(offsetof(struct replay_place, width) == 2);
REPLAY_ASSERT(offsetof(struct replay_place, signed_) == 3);
REPLAY_ASSERT(offsetof(struct replay_place, offset) == 4);
REPLAY_ASSERT(sizeof(struct replay_condition) == 32);
REPLAY_ASSERT(offsetof(struct replay_condition, op) == 0);
REPLAY_ASSERT(offsetof(struct replay_condition, place) == 4);
REPLAY_ASSERT(offsetof(struct replay_condition, mask) == 16);
REPLAY_ASSERT(offsetof(struct replay_condition, value) == 24);
REPLAY_ASSERT(sizeof(struct replay_source) == 64);
REPLAY_ASSERT(offsetof(struct replay_source, op) == 0);
REPLAY_ASSERT(offsetof(struct replay_source, place) == 4);
REPLAY_ASSERT(offsetof(struct replay_source, mask) == 16);
REPLAY_ASSERT(offsetof(struct replay_source, value) == 24);
REPLAY_ASSERT(offsetof(struct replay_source, when) == 32);
REPLAY_ASSERT(sizeof(struct replay_fetch) == 128);
REPLAY_ASSERT(offsetof(struct replay_fetch, op) == 0);
REPLAY_ASSERT(offsetof(struct replay_fetch, at_exit) == 4);
REPLAY_ASSERT(offsetof(struct replay_fetch, address) == 8);
REPLAY_ASSERT(offsetof(struct replay_fetch, length) == 16);
REPLAY_ASSERT(offsetof(struct replay_fetch, limit) == 24);
REPLAY_ASSERT(offsetof(struct replay_fetch, when) == 32);
REPLAY_ASSERT(offsetof(struct replay_fetch, item) == 64);
REPLAY_ASSERT(sizeof(struct replay_item) == 64);
REPLAY_ASSERT(offsetof(struct replay_item, size) == 0);
REPLAY_ASSERT(offsetof(struct replay_item, flags) == 4);
REPLAY_ASSERT(offsetof(struct replay_item, pointer) == 8);
REPLAY_ASSERT(offsetof(struct replay_item, length) == 12);
REPLAY_ASSERT(offsetof(struct replay_item, via) == 16);
REPLAY_ASSERT(offsetof(struct replay_item, via_size) == 20);
REPLAY_ASSERT(offsetof(struct replay_item, limit) == 24);
REPLAY_ASSERT(offsetof(struct replay_item, when) == 32);
REPLAY_ASSERT(sizeof(struct replay_row_rule) == 16);
REPLAY_ASSERT(offsetof(struct replay_row_rule, op) == 0);
REPLAY_ASSERT(offsetof(struct replay_row_rule, number) == 4);
REPLAY_ASSERT(offsetof(struct replay_row_rule, fetch) == 8);
REPLAY_ASSERT(offsetof(struct replay_row_rule, extra) == 12);
REPLAY_ASSERT(sizeof(struct replay_option_declaration) == 96);
REPLAY_ASSERT(offsetof(struct replay_option_declaration, name) == 0);
REPLAY_ASSERT(offsetof(struct replay_option_declaration, help) == 16);
REPLAY_ASSERT(offsetof(struct replay_option_declaration, default_) == 32);
REPLAY_ASSERT(offsetof(struct replay_option_declaration, choices) == 64);
REPLAY_ASSERT(offsetof(struct replay_option_declaration, minimum) == 80);
REPLAY_ASSERT(offsetof(struct replay_option_declaration, maximum) == 88);
REPLAY_ASSERT(sizeof(struct replay_option_value) == 32);
REPLAY_ASSERT(offsetof(struct replay_option_value, kind) == 0);
REPLAY_ASSERT(offsetof(struct replay_option_value, reserved) == 4);
REPLAY_ASSERT(offsetof(struct replay_option_value, number) == 8);
REPLAY_ASSERT(offsetof(struct replay_option_value, text) == 16);
REPLAY_ASSERT(sizeof(struct replay_about) == 16);
REPLAY_ASSERT(offsetof(struct replay_about, size) == 0);
REPLAY_ASSERT(offsetof(struct replay_about, abi_major) == 4);
REPLAY_ASSERT(offsetof(struct replay_about, abi_minor) == 6);
REPLAY_ASSERT(offsetof(struct replay_about, host_size) == 8);
REPLAY_ASSERT(offsetof(struct replay_about, reserved) == 12);
REPLAY_ASSERT(sizeof(struct replay_module) == 48);
REPLAY_ASSERT(offsetof(struct replay_module, size) == 0);
REPLAY_ASSERT(offsetof(struct replay_module, call_size) == 4);
REPLAY_ASSERT(offsetof(struct replay_module, calls) == 8);
REPLAY_ASSERT(offsetof(struct replay_module, call_count) == 16);
REPLAY_ASSERT(offsetof(struct replay_module, options) == 24);
REPLAY_ASSERT(offsetof(struct replay_module, configure) == 40);
REPLAY_ASSERT(sizeof(struct replay_bit_list) == 16);
REPLAY_ASSERT(offsetof(struct replay_bit_list, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_bit_list, count) == 8);
REPLAY_ASSERT(sizeof(struct replay_column_list) == 16);
REPLAY_ASSERT(offsetof(struct replay_column_list, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_column_list, count) == 8);
REPLAY_ASSERT(sizeof(struct replay_fetch_list) == 16);
REPLAY_ASSERT(offsetof(struct replay_fetch_list, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_fetch_list, count) == 8);
REPLAY_ASSERT(sizeof(struct replay_option_declaration_list) == 16);
REPLAY_ASSERT(offsetof(struct replay_option_declaration_list, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_option_declaration_list, count) == 8);
REPLAY_ASSERT(sizeof(struct replay_option_value_list) == 16);
REPLAY_ASSERT(offsetof(struct replay_option_value_list, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_option_value_list, count) == 8);
REPLAY_ASSERT(sizeof(struct replay_source_list) == 16);
REPLAY_ASSERT(offsetof(struct replay_source_list, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_source_list, count) == 8);
REPLAY_ASSERT(sizeof(struct replay_text_list) == 16);
REPLAY_ASSERT(offsetof(struct replay_text_list, start) == 0);
REPLAY_ASSERT(offsetof(struct replay_text_list, count) == 8);
// What follows isn't generated: shorthand for the structures above, and access to a record's columns.

#ifndef __cplusplus
#include <errno.h>
#include <stdbool.h>

#define REPLAY_EXPORT __attribute__((visibility("default")))

// The header that a plugin exports. CLAIMS has a line per call, in the order of the module's calls:
// "extent=syscall,syscall\n". All three are string literals.
#define REPLAY_PLUGIN(NAME, VERSION, CLAIMS)                        \
    REPLAY_EXPORT const struct replay_header SYSCALL_PLUGIN_HEADER = { \
        .magic = REPLAY_MAGIC,                                       \
        .size = sizeof(struct replay_header),                        \
        .abi_major = REPLAY_ABI_MAJOR,                               \
        .abi_minor = REPLAY_ABI_MINOR,                               \
        .schema_major = REPLAY_SCHEMA_MAJOR,                         \
        .schema_minor = REPLAY_SCHEMA_MINOR,                         \
        .name = NAME,                                                \
        .version = VERSION,                                          \
        .claims = CLAIMS,                                            \
    }

// A text, from a string literal; a list, from an array.
#define REPLAY_TEXT(LITERAL) {(const uint8_t *)("" LITERAL), sizeof(LITERAL) - 1}
#define REPLAY_LIST(ARRAY) {(ARRAY), sizeof(ARRAY) / sizeof(*(ARRAY))}

// Places.
#define REPLAY_ARGUMENT(INDEX) {.kind = REPLAY_PLACE_ARGUMENT, .index = (INDEX)}
#define REPLAY_RETURN {.kind = REPLAY_PLACE_RETURN}
#define REPLAY_CONSTANT(NUMBER) {.kind = REPLAY_PLACE_CONSTANT, .offset = (NUMBER)}

// The row of a record that is about the call itself.
#define REPLAY_FIRST 0

// Whether column COLUMN, numbered as declared, has no value in row ROW.
static inline bool replay_is_null(const struct replay_record *record, uint32_t row, uint32_t column) {
    const struct replay_slot *slot = &record->slots[column];
    if (slot->offset == UINT32_MAX)
        return true;
    return slot->null_offset != UINT32_MAX &&
           (record->rows[row].fixed[slot->null_offset] & slot->null_mask) != 0;
}

// The number in a column; 0 where there is none.
static inline int64_t replay_number(const struct replay_record *record, uint32_t row, uint32_t column) {
    const struct replay_slot *slot = &record->slots[column];
    if (replay_is_null(record, row, column))
        return 0;
    const uint8_t *at = record->rows[row].fixed + slot->offset;
    int64_t wide;
    int32_t narrow;
    switch (slot->kind) {
    case REPLAY_KIND_BOOL:
        return (*at & slot->mask) != 0;
    case REPLAY_KIND_BYTE:
        return *at;
    case REPLAY_KIND_INT32:
        __builtin_memcpy(&narrow, at, sizeof narrow);
        return narrow;
    case REPLAY_KIND_INT64:
        __builtin_memcpy(&wide, at, sizeof wide);
        return wide;
    default:
        return 0;
    }
}

// The bytes in a column, and how many; null where there are none.
static inline const uint8_t *replay_bytes(const struct replay_record *record, uint32_t row,
                                          uint32_t column, uint64_t *length) {
    const struct replay_slot *slot = &record->slots[column];
    const uint8_t *pool = record->rows[row].pool;
    *length = 0;
    if (replay_is_null(record, row, column) || slot->kind != REPLAY_KIND_VARIABLE32 || !pool)
        return 0;
    int32_t offset, size;
    __builtin_memcpy(&offset, record->rows[row].fixed + slot->offset, sizeof offset);
    __builtin_memcpy(&size, pool + offset, sizeof size);
    *length = (uint64_t)size;
    return pool + offset + sizeof size;
}

// Whether the value of an option, a string, path or choice, is the string WORD.
static inline bool replay_is(struct replay_option_value value, const char *word) {
    return __builtin_strcmp((const char *)value.text.start, word) == 0;
}

// What a libc function or syscall(2) returned, as the outcome of the call.
static inline uint32_t replay_made(struct replay_outcome *outcome, int64_t returned) {
    outcome->errno_number = returned == -1 ? errno : 0;
    outcome->return_value = returned;
    outcome->reserved = 0;
    return REPLAY_STATUS_MADE;
}
#endif
