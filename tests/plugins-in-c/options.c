// A plugin for mkdir(2) with an option of each type: it writes down what it was given, and makes nothing.

#include <stdio.h>

#include "replay_plugin.h"

REPLAY_PLUGIN("options", "1.0.0", "mkdir=mkdir\n");

static const struct replay_text NAMES[] = {REPLAY_TEXT("mkdir")};
static const struct replay_fetch FETCHES[] = {
    {.op = REPLAY_FETCH_STRING, .address = REPLAY_ARGUMENT(0)},
};
static const struct replay_source PATH[] = {{.op = REPLAY_SOURCE_BYTES, .value = 0}};
static const struct replay_column COLUMNS[] = {
    {
        .name = REPLAY_TEXT("given_pathname"),
        .kind = REPLAY_KIND_VARIABLE32,
        .nullable = 1,
        .role = REPLAY_ROLE_PATH,
        .sources = REPLAY_LIST(PATH),
    },
};

static uint32_t replay(const struct replay_record *record, const struct replay_host *host, void *context,
                       struct replay_outcome *outcome) {
    (void)record, (void)host, (void)context, (void)outcome;
    return REPLAY_STATUS_SIMULATED;
}

static const struct replay_call CALLS[] = {
    {
        .extent = REPLAY_TEXT("mkdir"),
        .syscalls = REPLAY_LIST(NAMES),
        .columns = REPLAY_LIST(COLUMNS),
        .fetches = REPLAY_LIST(FETCHES),
        .replay = replay,
    },
};

#ifndef BROKEN_CHOICES
static const struct replay_text SPEEDS[] = {REPLAY_TEXT("slow"), REPLAY_TEXT("fast")};
#endif

enum { LOG, LOUD, TIMES, GREETING, SPEED };

static const struct replay_option_declaration OPTIONS[] = {
    [LOG] = {
#ifdef BROKEN_OPTION_NAME
        .name = {(const uint8_t *)0x10, 3},
#else
        .name = REPLAY_TEXT("log"),
#endif
        .help = REPLAY_TEXT("File in which the values are written down"),
        .default_ = {.kind = REPLAY_OPTION_PATH, .text = REPLAY_TEXT("/dev/null")},
    },
    [LOUD] = {
        .name = REPLAY_TEXT("loud"),
        .default_ = {.kind = REPLAY_OPTION_BOOL},
    },
    [TIMES] = {
        .name = REPLAY_TEXT("times"),
#ifdef BROKEN_OPTION_KIND
        .default_ = {.kind = 99},
#else
        .default_ = {.kind = REPLAY_OPTION_INTEGER, .number = 3},
#endif
#ifdef BROKEN_RANGE
        .minimum = 4,
#else
        .minimum = -4,
#endif
        .maximum = 9,
    },
    [GREETING] = {
#ifdef BROKEN_TWICE
        .name = REPLAY_TEXT("times"),
#else
        .name = REPLAY_TEXT("greeting"),
#endif
        .default_ = {.kind = REPLAY_OPTION_STRING, .text = REPLAY_TEXT("hello")},
    },
    [SPEED] = {
        .name = REPLAY_TEXT("speed"),
        .default_ = {.kind = REPLAY_OPTION_CHOICE, .text = REPLAY_TEXT("slow")},
#ifdef BROKEN_CHOICES
        .choices = {NULL, 2},
#else
        .choices = REPLAY_LIST(SPEEDS),
#endif
    },
};

__attribute__((unused)) static void configure(struct replay_option_value_list values) {
    FILE *log = fopen((const char *)values.start[LOG].text.start, "w");
    if (!log)
        return;
    for (size_t i = 1; i < values.count; i++) {
        const struct replay_option_value *value = &values.start[i];
        fprintf(log, "%u %lld %s\n", value->kind, (long long)value->number, (const char *)value->text.start);
    }
    fclose(log);
}

static const struct replay_module MODULE = {
    .size = sizeof(struct replay_module),
    .call_size = sizeof(struct replay_call),
    .calls = CALLS,
    .call_count = 1,
#ifdef BROKEN_MANY_OPTIONS
    .options = {OPTIONS, SIZE_MAX},
#else
    .options = REPLAY_LIST(OPTIONS),
#endif
#ifndef BROKEN_NO_CONFIGURE
    .configure = configure,
#endif
};

REPLAY_EXPORT const struct replay_module *replay_plugin_v1(const struct replay_about *about) {
    (void)about;
    return &MODULE;
}
