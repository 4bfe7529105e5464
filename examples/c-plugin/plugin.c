// A plugin in C with two system calls: pread64(2) and mkdir(2).
//
//     cc -shared -fPIC -I../../sdk/include -o libc_plugin.so plugin.c
//
// Put the file into a folder of plugins in place of those that have the calls, or let the manifest choose:
//
//     [syscall.pread64]
//     plugin = "c-plugin"
//
// It has an option, which the manifest or `--set c-plugin.folders=private` sets.

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "replay_plugin.h"

REPLAY_PLUGIN("c-plugin", "1.0.0", "pread=pread64\nmkdir=mkdir\n");

// ssize_t pread(int fd, void *buf, size_t count, off_t offset)

enum { PREAD_DESCRIPTOR, PREAD_DATA, PREAD_BYTES, PREAD_OFFSET };

static const struct replay_text PREAD_CALLS[] = {REPLAY_TEXT("pread64")};

// Recorders copy what lies behind argument 1 when the call has returned, as long as it says.
static const struct replay_fetch PREAD_FETCHES[] = {
    {
        .op = REPLAY_FETCH_BYTES,
        .at_exit = 1,
        .address = REPLAY_ARGUMENT(1),
        .length = REPLAY_RETURN,
        .when = {.op = REPLAY_CONDITION_SUCCESS},
    },
};

static const struct replay_source ARGUMENT_0[] = {
    {.op = REPLAY_SOURCE_NUMBER, .place = REPLAY_ARGUMENT(0)},
};
static const struct replay_source ARGUMENT_1[] = {
    {.op = REPLAY_SOURCE_NUMBER, .place = REPLAY_ARGUMENT(1)},
};
static const struct replay_source ARGUMENT_2[] = {
    {.op = REPLAY_SOURCE_NUMBER, .place = REPLAY_ARGUMENT(2)},
};
static const struct replay_source ARGUMENT_3[] = {
    {.op = REPLAY_SOURCE_NUMBER, .place = REPLAY_ARGUMENT(3)},
};
static const struct replay_source FETCH_0[] = {
    {.op = REPLAY_SOURCE_BYTES, .value = 0},
};

static const struct replay_column PREAD_COLUMNS[] = {
    [PREAD_DESCRIPTOR] = {
        .name = REPLAY_TEXT("descriptor"),
        .kind = REPLAY_KIND_INT32,
        .role = REPLAY_ROLE_DESCRIPTOR,
        .display = REPLAY_DISPLAY_DESCRIPTOR,
        .sources = REPLAY_LIST(ARGUMENT_0),
    },
    [PREAD_DATA] = {
        .name = REPLAY_TEXT("data_read"),
        .kind = REPLAY_KIND_VARIABLE32,
        .nullable = 1,
        .sources = REPLAY_LIST(FETCH_0),
        .compare = REPLAY_COMPARE_EQUAL,
    },
    [PREAD_BYTES] = {
        .name = REPLAY_TEXT("bytes_requested"),
        .kind = REPLAY_KIND_INT64,
        .sources = REPLAY_LIST(ARGUMENT_2),
    },
    [PREAD_OFFSET] = {
        .name = REPLAY_TEXT("offset"),
        .kind = REPLAY_KIND_INT64,
        .sources = REPLAY_LIST(ARGUMENT_3),
    },
};

static uint32_t replay_pread(const struct replay_record *record, const struct replay_host *host,
                             void *context, struct replay_outcome *outcome) {
    int fd = host->descriptor(context, (int32_t)replay_number(record, REPLAY_FIRST, PREAD_DESCRIPTOR));
    switch (fd) {
    case REPLAY_FD_SIMULATED:
        return REPLAY_STATUS_SIMULATED_DESCRIPTOR;
    case REPLAY_FD_UNKNOWN:
        return REPLAY_STATUS_UNKNOWN_DESCRIPTOR;
    case REPLAY_FD_STANDARD_STREAM:
        return REPLAY_STATUS_STANDARD_STREAM;
    }
    uint64_t count = (uint64_t)replay_number(record, REPLAY_FIRST, PREAD_BYTES);
    uint8_t *buffer = host->scratch(context, 1, count);
    if (!buffer)
        return REPLAY_STATUS_NOT_CAPTURED;
    ssize_t got = pread(fd, buffer, count, replay_number(record, REPLAY_FIRST, PREAD_OFFSET));
    if (got >= 0 && (record->wants & REPLAY_WANT_VERIFY))
        host->returned(context, 0, buffer, (uint64_t)got);
    return replay_made(outcome, got);
}

// int mkdir(const char *pathname, mode_t mode)

enum { MKDIR_PATH, MKDIR_MODE };

static const struct replay_text MKDIR_CALLS[] = {REPLAY_TEXT("mkdir")};

static const struct replay_fetch MKDIR_FETCHES[] = {
    {.op = REPLAY_FETCH_STRING, .address = REPLAY_ARGUMENT(0)},
};

static const struct replay_column MKDIR_COLUMNS[] = {
    [MKDIR_PATH] = {
        .name = REPLAY_TEXT("given_pathname"),
        .kind = REPLAY_KIND_VARIABLE32,
        .nullable = 1,
        .role = REPLAY_ROLE_PATH,
        .display = REPLAY_DISPLAY_PATH,
        .sources = REPLAY_LIST(FETCH_0),
    },
    [MKDIR_MODE] = {
        .name = REPLAY_TEXT("mode_value"),
        .kind = REPLAY_KIND_INT32,
        .nullable = 1,
        .display = REPLAY_DISPLAY_OCTAL,
        .sources = REPLAY_LIST(ARGUMENT_1),
    },
};

static bool folders_are_private;

static uint32_t replay_mkdir(const struct replay_record *record, const struct replay_host *host,
                             void *context, struct replay_outcome *outcome) {
    uint64_t length;
    const uint8_t *path = replay_bytes(record, REPLAY_FIRST, MKDIR_PATH, &length);
    if (length == 0 || path[length - 1] != 0)
        return REPLAY_STATUS_MALFORMED;
    if (record->wants & REPLAY_WANT_PATHS)
        path = host->path(context, path, length);
    // It leads nowhere in this replay: the call takes its recorded outcome.
    if (!path)
        return REPLAY_STATUS_SIMULATED;
    mode_t mode = (mode_t)replay_number(record, REPLAY_FIRST, MKDIR_MODE);
    if (folders_are_private)
        mode &= ~(mode_t)077;
    return replay_made(outcome, mkdir((const char *)path, mode));
}

static const struct replay_call CALLS[] = {
    {
        .extent = REPLAY_TEXT("pread"),
        .syscalls = REPLAY_LIST(PREAD_CALLS),
        .columns = REPLAY_LIST(PREAD_COLUMNS),
        .fetches = REPLAY_LIST(PREAD_FETCHES),
        .keeps_offset = 1,
        .replay = replay_pread,
    },
    {
        .extent = REPLAY_TEXT("mkdir"),
        .syscalls = REPLAY_LIST(MKDIR_CALLS),
        .columns = REPLAY_LIST(MKDIR_COLUMNS),
        .fetches = REPLAY_LIST(MKDIR_FETCHES),
        .replay = replay_mkdir,
    },
};

// Options: what people may set. The default says what type each has, and the host checks what it is given.

static const struct replay_text FOLDERS[] = {REPLAY_TEXT("as-recorded"), REPLAY_TEXT("private")};

static const struct replay_option_declaration OPTIONS[] = {
    {
        .name = REPLAY_TEXT("folders"),
        .help = REPLAY_TEXT("Who may enter the folders that are made"),
        .default_ = {.kind = REPLAY_OPTION_CHOICE, .text = REPLAY_TEXT("as-recorded")},
        .choices = REPLAY_LIST(FOLDERS),
    },
};

// Called once, before any call is replayed or recorded, with a value for each option in their order.
static void configure(struct replay_option_value_list values) {
    folders_are_private = replay_is(values.start[0], "private");
}

static const struct replay_module MODULE = {
    .size = sizeof(struct replay_module),
    .call_size = sizeof(struct replay_call),
    .calls = CALLS,
    .call_count = sizeof(CALLS) / sizeof(*CALLS),
    .options = REPLAY_LIST(OPTIONS),
    .configure = configure,
};

REPLAY_EXPORT const struct replay_module *replay_plugin_v1(const struct replay_about *about) {
    (void)about;
    return &MODULE;
}
