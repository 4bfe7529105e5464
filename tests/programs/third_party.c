/*
 * Writes records of statx(2) as a third party's plugin has them, from four threads into one trace; and makes
 * every mistake that a caller can make, each of which is a status and no more.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "strace2ds.h"

#define THREADS 4
#define RECORDS 1000
#define COUNT(array) (sizeof(array) / sizeof *(array))

static strace2ds_trace *trace;

static const strace2ds_memory path[] = {
    { 0x1000, "a", 2, STRACE2DS_ALWAYS },
};
static const strace2ds_field sizes[] = {
    { "size_in_bytes", STRACE2DS_NUMBER, 10, NULL, 0 },
    { "links", STRACE2DS_NUMBER, 1, NULL, 0 },
};

static strace2ds_record record_of(int task)
{
    strace2ds_record record;
    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    record.name = "statx";
    record.task = task;
    record.time_called = record.time_returned = -1;
    record.returned = 1;
    record.arguments[0] = (uint64_t) AT_FDCWD;
    record.arguments[1] = 0x1000;
    record.arguments[3] = 0x200;
    record.arguments[4] = 0x2000;
    record.memory = path;
    record.memory_count = COUNT(path);
    record.fields = sizes;
    record.field_count = COUNT(sizes);
    return record;
}

static void *write_all(void *task)
{
    strace2ds_record record = record_of(*(int *) task);
    for (int i = 0; i < RECORDS; i++)
        if (strace2ds_write(trace, &record) != STRACE2DS_OK)
            return "a record was refused";
    return NULL;
}

/* Whether the record is refused with that status and a message that has these words. */
static int is_refused(const strace2ds_record *record, strace2ds_status status, const char *words)
{
    if (strace2ds_write(trace, record) == status && strstr(strace2ds_message(), words))
        return 1;
    fprintf(stderr, "expected \"%s\", got \"%s\"\n", words, strace2ds_message());
    return 0;
}

static int mistakes_are_refused(void)
{
    const strace2ds_field unknown = { "no_such_column", STRACE2DS_NUMBER, 0, NULL, 0 };
    const strace2ds_field number = { "name", STRACE2DS_NUMBER, 5, NULL, 0 };
    const strace2ds_field bytes = { "size_in_bytes", STRACE2DS_BYTES, 0, "10", 2 };
    const strace2ds_field kind = { "links", 7, 1, NULL, 0 };
    const strace2ds_field nothing = { "name", STRACE2DS_BYTES, 0, NULL, 2 };
    const strace2ds_field nameless = { NULL, STRACE2DS_NUMBER, 0, NULL, 0 };
    const struct {
        const strace2ds_field *field;
        strace2ds_status status;
        const char *words;
    } fields[] = {
        { &unknown, STRACE2DS_NO_COLUMN, "statx has no column no_such_column" },
        { &number, STRACE2DS_ARGUMENT, "column name holds variable32" },
        { &bytes, STRACE2DS_ARGUMENT, "column size_in_bytes holds int64" },
        { &kind, STRACE2DS_ARGUMENT, "a column's kind is none" },
        { &nothing, STRACE2DS_ARGUMENT, "a column's bytes are null" },
        { &nameless, STRACE2DS_ARGUMENT, "a column's name is null" },
        { NULL, STRACE2DS_ARGUMENT, "the columns are null" },
    };
    for (size_t i = 0; i < COUNT(fields); i++) {
        strace2ds_record record = record_of(1);
        record.fields = fields[i].field;
        record.field_count = 1;
        if (!is_refused(&record, fields[i].status, fields[i].words))
            return 0;
    }
    strace2ds_record record = record_of(1);
    record.name = "no_such_call";
    if (!is_refused(&record, STRACE2DS_NOT_RECORDED, "no_such_call is not recorded"))
        return 0;
    record = record_of(1);
    record.memory = NULL;
    if (!is_refused(&record, STRACE2DS_ARGUMENT, "memory is null"))
        return 0;
    record = record_of(1);
    record.called_id = 7;
    record.returned_id = 7;
    return is_refused(&record, STRACE2DS_ARGUMENT, "order ids 7 and 7");
}

int main(int count, char **words)
{
    pthread_t threads[THREADS];
    int tasks[THREADS] = { 101, 102, 103, 104 };
    if (count < 2 || strace2ds_create(words[1], NULL, &trace) != STRACE2DS_OK)
        return 2;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, write_all, &tasks[i]) != 0)
            return 3;
    if (!mistakes_are_refused())
        return 4;
    for (int i = 0; i < THREADS; i++) {
        void *failure;
        if (pthread_join(threads[i], &failure) != 0 || failure)
            return 5;
    }
    if (strace2ds_close(trace) != STRACE2DS_OK)
        return 6;
    strace2ds_record late = record_of(1);
    if (!is_refused(&late, STRACE2DS_STATE, "the trace is closed"))
        return 7;
    return strace2ds_close(trace) == STRACE2DS_STATE ? 0 : 8;
}
