// Reads in the middle of a file and makes a folder.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    char text[5];
    int fd = open("letter", O_RDONLY);
    if (fd < 0 || pread(fd, text, sizeof text, 2) != sizeof text)
        return 1;
    return mkdir("made", 0751);
}
