// simulate [--seeds N] [--base SEED] [--seconds S] [--threads T]: plays histories until one breaks a
// rule, whose seed and history are printed. --seed S plays one again. --sweep: no chance, each effect of a
// fixed script goes wrong in each way. --twice: each seed is played in two threads and has to give the same
// history in both.
#include "tests/model/simulation.hpp"
#include "tests/model/sweep.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace djdb::model {
namespace {

struct Options {
    std::uint64_t base = 1;
    std::uint64_t seeds = 0;
    double seconds = 0;
    unsigned threads = 1;
    std::optional<std::uint64_t> only;
    bool sweeps = false;
    bool is_sample = false;
    bool plays_twice = false;
};

int replay(std::uint64_t seed) {
    const auto outcome = simulate(seed, true);
    for (const auto& line : outcome.history) {
        std::printf("%s\n", line.c_str());
    }
    std::printf(
        "seed %llu: %s\n",
        static_cast<unsigned long long>(seed),
        outcome.violation ? outcome.violation->c_str() : "every rule holds"
    );
    return outcome.violation ? 1 : 0;
}

int run(const Options& options) {
    const auto begin = std::chrono::steady_clock::now();
    const auto cpu_at_begin = std::clock();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    std::atomic<std::uint64_t> next = options.base;
    std::atomic<std::uint64_t> played = 0;
    std::atomic<std::uint64_t> runs = 0;
    std::atomic<std::uint64_t> effects = 0;
    std::atomic<std::uint64_t> failing = 0;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.threads; ++i) {
        threads.emplace_back([&] {
            while (failing == 0 && (options.seconds == 0 || seconds() < options.seconds)) {
                const auto seed = next++;
                if (options.seeds != 0 && seed >= options.base + options.seeds) {
                    return;
                }
                const auto outcome = simulate(seed, false);
                ++played;
                runs += outcome.runs;
                effects += outcome.effects;
                if (outcome.violation) {
                    failing = seed;
                }
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    const auto cpu = static_cast<double>(std::clock() - cpu_at_begin) / CLOCKS_PER_SEC;
    std::printf(
        "simulate: %llu histories from seed %llu in %.1f s; %.1f s of CPU: %.0f histories and %.0f "
        "runs a second and core; %.0f runs and %.0f effects a history\n",
        static_cast<unsigned long long>(played),
        static_cast<unsigned long long>(options.base),
        seconds(),
        cpu,
        static_cast<double>(played) / cpu,
        static_cast<double>(runs) / cpu,
        static_cast<double>(runs) / static_cast<double>(played),
        static_cast<double>(effects) / static_cast<double>(played)
    );
    return failing == 0 ? 0 : replay(failing);
}

/// @return 1 when a seed gave two histories
int play_twice(const Options& options) {
    for (auto seed = options.base; seed < options.base + options.seeds; ++seed) {
        const auto history = [seed] { return play(draw_course(seed), true).history; };
        auto other = std::async(std::launch::async, history);
        const auto one = history();
        if (one.empty() || one != other.get()) {
            std::printf("seed %llu gave two histories\n", static_cast<unsigned long long>(seed));
            return 1;
        }
    }
    std::printf(
        "simulate: %llu seeds, each the same history in two threads\n",
        static_cast<unsigned long long>(options.seeds)
    );
    return 0;
}

}  // namespace
}  // namespace djdb::model

int main(int argc, char** argv) {
    CLI::App app("Plays histories of the operator in a model world.");
    djdb::model::Options options;
    app.add_option("--base", options.base, "the first seed");
    app.add_option("--seeds", options.seeds, "how many; none: until the time is over");
    app.add_option("--seconds", options.seconds, "for so long");
    app.add_option("--threads", options.threads, "side by side");
    app.add_option("--seed", options.only, "this one alone, with its history");
    app.add_flag("--twice", options.plays_twice, "in two threads, with the same history in both");
    app.add_flag("--sweep", options.sweeps, "each effect of a fixed script goes wrong in each way");
    app.add_flag("--sample", options.is_sample, "of a sweep: in one way in turn");
    CLI11_PARSE(app, argc, argv);
    if (options.sweeps) {
        return djdb::model::sweep(options.is_sample) == 0 ? 0 : 1;
    }
    if (options.only) {
        return djdb::model::replay(*options.only);
    }
    if (options.seeds == 0 && options.seconds == 0) {
        options.seeds = 1000;
    }
    if (options.plays_twice) {
        return djdb::model::play_twice(options);
    }
    return djdb::model::run(options);
}
