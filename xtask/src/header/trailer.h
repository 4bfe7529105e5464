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
