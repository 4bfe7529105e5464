// A plugin for mkdir(2) that does one thing which no plugin may, as the compiler is told: each time that
// it is to make a call, or to write a row.

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "replay_plugin.h"

REPLAY_PLUGIN("misbehaving", "1.0.0", "mkdir=mkdir\n");

enum { PATH_COLUMN, MODE_COLUMN };

static const struct replay_text NAMES[] = {REPLAY_TEXT("mkdir")};

static const struct replay_fetch FETCHES[] = {
    {.op = REPLAY_FETCH_STRING, .address = REPLAY_ARGUMENT(0)},
};

static const struct replay_source PATH[] = {{.op = REPLAY_SOURCE_BYTES, .value = 0}};
static const struct replay_source MODE[] = {
    {.op = REPLAY_SOURCE_NUMBER, .place = REPLAY_ARGUMENT(1)},
};

static const struct replay_column COLUMNS[] = {
    [PATH_COLUMN] = {
        .name = REPLAY_TEXT("given_pathname"),
        .kind = REPLAY_KIND_VARIABLE32,
        .nullable = 1,
        .role = REPLAY_ROLE_PATH,
        .display = REPLAY_DISPLAY_PATH,
        .sources = REPLAY_LIST(PATH),
    },
    [MODE_COLUMN] = {
        .name = REPLAY_TEXT("mode_value"),
        .kind = REPLAY_KIND_INT32,
        .nullable = 1,
        .display = REPLAY_DISPLAY_OCTAL,
        .sources = REPLAY_LIST(MODE),
    },
};

static void forever(void) {
    for (;;)
        __asm__ volatile("");
}

static uint32_t replay(const struct replay_record *record, const struct replay_host *host, void *context,
                       struct replay_outcome *outcome) {
    uint64_t length;
    const uint8_t *path = replay_bytes(record, REPLAY_FIRST, PATH_COLUMN, &length);
    (void)host, (void)context, (void)path;
#if defined DOES_ABORT
    abort();
#elif defined DOES_EXIT
    exit(0);
#elif defined DOES_CRASH
    *(volatile int *)8 = 1;
#elif defined DOES_NEVER_RETURN
    forever();
#elif defined DOES_SLEEP
    for (;;)
        pause();
#elif defined DOES_STATUS
    return 4711;
#elif defined DOES_NO_OUTCOME
    return REPLAY_STATUS_MADE;
#elif defined DOES_OUTCOME
    outcome->return_value = 3;
    outcome->errno_number = 17;
    return REPLAY_STATUS_MADE;
#elif defined DOES_FETCH
    host->returned(context, 7, path, length);
#elif defined DOES_DANGLING
    host->returned(context, 0, (const uint8_t *)0x10, 1 << 20);
#elif defined DOES_NULL
    host->returned(context, 0, NULL, 1 << 20);
#elif defined DOES_LENGTH
    host->returned(context, 0, path, UINT64_MAX);
#elif defined DOES_COLUMN
    host->diverged(context, 9, path, length, path, length);
#elif defined DOES_NOT_OPEN
    host->adopt(context, 5, 4711);
#elif defined DOES_SIGNAL_MASK
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
#elif defined DOES_WORKING_DIRECTORY
    uint32_t made = replay_made(outcome, mkdir((const char *)path, 0751));
    if (chdir("/") < 0)
        abort();
    return made;
#elif defined DOES_UMASK
    uint32_t made = replay_made(outcome, mkdir((const char *)path, 0751));
    umask(0777);
    return made;
#elif defined DOES_DESCRIPTOR
    // The trace, and whatever else there is.
    for (int fd = 3; fd < 20; fd++)
        close(fd);
#endif
    return replay_made(outcome, mkdir((const char *)path, 0751));
}

// Uses up the stack.
__attribute__((unused)) static uint32_t overflow(const volatile uint8_t *from, uint64_t depth) {
    volatile uint8_t room[1 << 12];
    room[0] = *from;
    return depth == 0 ? room[0] : overflow(room, depth - 1) + room[1];
}

static uint32_t rows(const struct replay_event *event, const struct replay_row_sink *sink) {
    void *context = sink->context;
    (void)context, (void)forever;
#if defined DOES_NO_ROWS
#elif defined DOES_TWO_ROWS
    sink->row(context, 1);
    sink->row(context, 1);
#elif defined DOES_NUMBER_FOR_BYTES
    sink->row(context, 1);
    sink->number(context, PATH_COLUMN, 7);
#elif defined DOES_BYTES_FOR_NUMBER
    sink->row(context, 1);
    sink->bytes(context, MODE_COLUMN, (const uint8_t *)"7", 1);
#elif defined DOES_OUT_OF_RANGE
    sink->row(context, 1);
    sink->number(context, MODE_COLUMN, (int64_t)1 << 40);
#elif defined DOES_UNDECLARED
    sink->row(context, 1);
    sink->number(context, 2, 7);
#elif defined DOES_BEFORE_A_ROW
    sink->number(context, MODE_COLUMN, 7);
    sink->row(context, 1);
#elif defined DOES_DANGLING_BYTES
    sink->row(context, 1);
    sink->bytes(context, PATH_COLUMN, (const uint8_t *)0x10, 100);
#elif defined DOES_NULL_BYTES
    sink->row(context, 1);
    sink->bytes(context, PATH_COLUMN, NULL, 100);
#elif defined DOES_ROW_STATUS
    sink->row(context, 1);
    return 4711;
#elif defined DOES_MANY_ROWS
    for (int i = 0; i < 2000000; i++)
        sink->row(context, 1);
#elif defined DOES_MASK_IN_ROWS
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    sink->row(context, 1);
#elif defined DOES_NEVER_RETURN_ROWS
    forever();
#elif defined DOES_SLEEP_IN_ROWS
    for (;;)
        pause();
#elif defined DOES_ABORT_IN_ROWS
    abort();
#elif defined DOES_CRASH_IN_ROWS
    *(volatile int *)8 = 1;
#elif defined DOES_OVERFLOW_IN_ROWS
    return overflow((const uint8_t *)event, UINT64_MAX);
#elif defined DOES_EXIT_IN_ROWS
    exit(0);
#elif defined DOES_END_ITS_THREAD_IN_ROWS
    syscall(SYS_exit, 0);
#elif defined DOES_HANG_LATER
    static int calls;
    if (calls++ > 0)
        forever();
    sink->row(context, 1);
    sink->row(context, 1);
#else
    sink->row(context, 1);
    sink->number(context, MODE_COLUMN, (int64_t)event->arguments[1]);
    if (event->fetched[0].start)
        sink->bytes(context, PATH_COLUMN, event->fetched[0].start, event->fetched[0].length);
#endif
    (void)event;
    return REPLAY_STATUS_MADE;
}

static const struct replay_call CALLS[] = {
    {
        .extent = REPLAY_TEXT("mkdir"),
        .syscalls = REPLAY_LIST(NAMES),
        .columns = REPLAY_LIST(COLUMNS),
        .fetches = REPLAY_LIST(FETCHES),
        .replay = replay,
        .encode = rows,
    },
};

static const struct replay_module MODULE = {
    .size = sizeof(struct replay_module),
    .call_size = sizeof(struct replay_call),
    .calls = CALLS,
    .call_count = 1,
};

REPLAY_EXPORT const struct replay_module *replay_plugin_v1(const struct replay_about *about) {
    (void)about;
    return &MODULE;
}
