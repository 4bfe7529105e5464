/* Threads that ask for memory and give it back, in all sizes, while a child is made: what they find in it is
   what they put there. Prints a number that is the same each time. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 6, TIMES = 3, ROUNDS = 2000, HELD = 64 };

static uintptr_t mix(uintptr_t state) { return state * 6364136223846793005u + 1442695040888963407u; }

static void *work(void *seed) {
    uintptr_t state = mix((uintptr_t)seed), sum = 0;
    unsigned char *held[HELD] = {0};
    size_t size[HELD] = {0};
    int nowhere = open("/dev/null", O_WRONLY);
    for (int round = 0; round < ROUNDS; round++) {
        state = mix(state);
        int slot = state >> 58;
        /* One in eight is a mapping of its own. */
        size_t most = (state >> 50 & 7) ? 4000 : 600000;
        if (held[slot])
            sum += held[slot][size[slot] - 1];
        free(held[slot]);
        size[slot] = (state >> 20) % most + 1;
        held[slot] = malloc(size[slot]);
        memset(held[slot], round, size[slot]);
        if (round % 7 == 0) {
            size[slot] *= 2;
            held[slot] = realloc(held[slot], size[slot]);
            sum += held[slot][0];
            memset(held[slot], round, size[slot]);
        }
        if (round % 50 == 0)
            sum += write(nowhere, held[slot], size[slot]);
    }
    for (int slot = 0; slot < HELD; slot++)
        free(held[slot]);
    close(nowhere);
    return (void *)sum;
}

int main(void) {
    uintptr_t total = 0;
    for (uintptr_t time = 0; time < TIMES; time++) {
        pthread_t threads[THREADS];
        for (uintptr_t number = 0; number < THREADS; number++)
            if (pthread_create(&threads[number], 0, work, (void *)(number + THREADS * time)))
                return 1;
        if (fork() == 0) {
            char page[4096];
            memset(page, 42, sizeof page);
            _exit(page[1234]);
        }
        for (int number = 0; number < THREADS; number++) {
            void *sum;
            pthread_join(threads[number], &sum);
            total += (uintptr_t)sum;
        }
        int status;
        wait(&status);
        total += WEXITSTATUS(status);
    }
    printf("%lu\n", (unsigned long)total);
}
