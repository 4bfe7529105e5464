/*
 * libstrace2ds: lets a tracer write the system calls that it stops into a DataSeries file, from which
 * `replayer` makes them again. See docs/strace.md.
 *
 * Made by cbindgen of recorder/libstrace2ds/src; don't edit.
 */

#ifndef STRACE2DS_H
#define STRACE2DS_H

#include <stddef.h>
#include <stdint.h>

/*
 Memory that is as told before the call and after it.
 */
#define STRACE2DS_ALWAYS 0

/*
 Memory as it is when the call is entered.
 */
#define STRACE2DS_BEFORE 1

/*
 Memory as it is when the call has returned.
 */
#define STRACE2DS_AFTER 2

/*
 A column's value is a number or a truth value.
 */
#define STRACE2DS_NUMBER 0

/*
 A column's value is bytes.
 */
#define STRACE2DS_BYTES 1

/*
 How a call of the library went.
 */
typedef enum strace2ds_status {
  /*
   As asked.
   */
  STRACE2DS_OK = 0,
  /*
   An argument is null, or makes no sense, or a column can't hold its value.
   */
  STRACE2DS_ARGUMENT = 1,
  /*
   The plugins can't be used.
   */
  STRACE2DS_PLUGINS = 2,
  /*
   The trace can't be written.
   */
  STRACE2DS_FILE = 3,
  /*
   No enabled plugin has the call.
   */
  STRACE2DS_NOT_RECORDED = 4,
  /*
   The call's records have no such column.
   */
  STRACE2DS_NO_COLUMN = 5,
  /*
   The task is in a call already, or in none; or the trace is closed.
   */
  STRACE2DS_STATE = 6,
  /*
   The library broke down; the trace can only be closed.
   */
  STRACE2DS_PANIC = 7,
} strace2ds_status;

/*
 A trace that is being written, or was.
 */
typedef struct strace2ds_trace strace2ds_trace;

/*
 How a trace is to be made. Zero everything, set `size`, then what is to differ.
 */
typedef struct strace2ds_options {
  /*
   `sizeof(strace2ds_options)`.
   */
  size_t size;
  /*
   Folders of plugins, with colons between them; null for those that are found by themselves.
   */
  const char *plugins;
  /*
   The manifest; null for the one that is found by itself.
   */
  const char *manifest;
  /*
   `none`, `lz4`, `snappy`, `lzf`, `zlib` or `bz2`; null for `lz4`.
   */
  const char *codec;
  /*
   Name and version of the tracer, for the trace to tell; or null.
   */
  const char *tracer;
  /*
   The program's first task, if it is there and hasn't run yet: its directory, umask and descriptors are
   recorded. 0 if not.
   */
  int32_t first_task;
} strace2ds_options;

/*
 Reads up to `length` bytes of the program's memory at `address` into `buffer`; returns how many.
 */
typedef size_t (*strace2ds_read)(void *context, uint64_t address, void *buffer, size_t length);

/*
 Memory of the program.
 */
typedef struct strace2ds_memory {
  /*
   Where the program has it.
   */
  uint64_t address;
  /*
   The bytes.
   */
  const void *bytes;
  /*
   How many there are.
   */
  size_t length;
  /*
   When they are there: `STRACE2DS_ALWAYS`, `STRACE2DS_BEFORE` or `STRACE2DS_AFTER`.
   */
  uint32_t moment;
} strace2ds_memory;

/*
 A column's value, in place of what the plugin would make of arguments and memory.
 */
typedef struct strace2ds_field {
  /*
   The column's name.
   */
  const char *name;
  /*
   Which of the following holds the value: `STRACE2DS_NUMBER` or `STRACE2DS_BYTES`.
   */
  uint32_t kind;
  /*
   The number.
   */
  int64_t number;
  /*
   The bytes. Strings of C have their NUL among them.
   */
  const void *bytes;
  /*
   How many there are.
   */
  size_t length;
} strace2ds_field;

/*
 A call that is known as a whole. Zero everything, set `size`, then what is known.
 */
typedef struct strace2ds_record {
  /*
   `sizeof(strace2ds_record)`.
   */
  size_t size;
  /*
   The call's name in the kernel; or null, and `number` says it.
   */
  const char *name;
  /*
   The call's number.
   */
  uint32_t number;
  /*
   The thread that made it.
   */
  int32_t task;
  /*
   Order ids of entry and exit, each given once and ascending; both 0: the next ones.
   */
  int64_t called_id;
  /*
   See `called_id`.
   */
  int64_t returned_id;
  /*
   When it was entered, in nanoseconds since the epoch; negative if that isn't known.
   */
  int64_t time_called;
  /*
   When it returned.
   */
  int64_t time_returned;
  /*
   Not zero if it returned at all.
   */
  int32_t returned;
  /*
   The positive errno of a call that failed; else 0.
   */
  int32_t errno_number;
  /*
   What it returned.
   */
  int64_t return_value;
  /*
   The arguments. Pointers may be made up, as long as they fit `memory`.
   */
  uint64_t arguments[6];
  /*
   Memory that the arguments point to.
   */
  const struct strace2ds_memory *memory;
  /*
   How many pieces of it there are.
   */
  size_t memory_count;
  /*
   Columns whose values are given.
   */
  const struct strace2ds_field *fields;
  /*
   How many there are.
   */
  size_t field_count;
} strace2ds_record;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Creates the trace `path`. `options` may be null. On success `*trace` is to be closed with
 `strace2ds_close`.

 # Safety
 `path` is a string; `options` is null or has what its `size` says; `trace` can be written to.
 */
enum strace2ds_status strace2ds_create(const char *path,
                                       const struct strace2ds_options *options,
                                       struct strace2ds_trace **trace);

/*
 The number that the kernel of this machine has for call `name`, or -1.

 # Safety
 `name` is null or a string.
 */
int strace2ds_number(const char *name);

/*
 Task `task` of process `process` is there, made by process `parent` (0 if that isn't known). A task that
 isn't told of begins with its first call, as a process of its own.

 # Safety
 `trace` comes from `strace2ds_create`.
 */
enum strace2ds_status strace2ds_task(struct strace2ds_trace *trace,
                                     int32_t task,
                                     int32_t process,
                                     int32_t parent);

/*
 Task `task` enters call `number` with `arguments` at address `instruction` (0 if that isn't known), at
 `time` nanoseconds since the epoch (a negative number if that isn't known). What the program passes in
 memory is read with `read`, before this returns. Call it at each call's entry; those that no plugin has are
 counted.

 # Safety
 `trace` comes from `strace2ds_create`; there are six arguments; `read` fills no more than
 it is asked to.
 */
enum strace2ds_status strace2ds_enter(struct strace2ds_trace *trace,
                                      int32_t task,
                                      uint32_t number,
                                      const uint64_t *arguments,
                                      uint64_t instruction,
                                      int64_t time,
                                      strace2ds_read read,
                                      void *context);

/*
 The call that task `task` is in returns `return_value`, or fails with the positive `errno_number` (0 if it
 succeeds). The kernel's own, by which it restarts calls (512 to 516), are to be given too.

 # Safety
 As `strace2ds_enter`.
 */
enum strace2ds_status strace2ds_exit(struct strace2ds_trace *trace,
                                     int32_t task,
                                     int64_t return_value,
                                     int32_t errno_number,
                                     int64_t time,
                                     strace2ds_read read,
                                     void *context);

/*
 Task `task` has ended: with exit status `status`, or if `signal` isn't 0 by that signal.

 # Safety
 `trace` comes from `strace2ds_create`.
 */
enum strace2ds_status strace2ds_end(struct strace2ds_trace *trace,
                                    int32_t task,
                                    int status,
                                    int signal);

/*
 Writes a record that is known as a whole.

 # Safety
 `trace` comes from `strace2ds_create`; `record` has what its `size` says, and all that it
 points to is there.
 */
enum strace2ds_status strace2ds_write(struct strace2ds_trace *trace,
                                      const struct strace2ds_record *record);

/*
 Ends the trace, writes what is left of it and frees its memory, whatever comes of that. Null is taken. What
 other threads still do with the trace is done before, or refused.

 # Safety
 `trace` is null or comes from `strace2ds_create`.
 */
enum strace2ds_status strace2ds_close(struct strace2ds_trace *trace);

/*
 What the last call of this thread that failed says for people. It stays until the next one that fails.
 */
const char *strace2ds_message(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* STRACE2DS_H */
