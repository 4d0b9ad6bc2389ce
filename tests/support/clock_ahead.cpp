// For LD_PRELOAD: the wall clock of a program is as many seconds ahead as $DJDB_CLOCK_AHEAD says; the
// steady one stays.
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's name is a reserved one
extern "C" int clock_gettime(clockid_t which, timespec* now) noexcept {
    using Function = int (*)(clockid_t, timespec*);
    static const auto kReal = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "clock_gettime"));
    static const long kAhead = std::strtol(std::getenv("DJDB_CLOCK_AHEAD"), nullptr, 10);
    const int result = kReal(which, now);
    if (which == CLOCK_REALTIME) {
        now->tv_sec += kAhead;
    }
    return result;
}
