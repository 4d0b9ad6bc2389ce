// simulate [--seeds N] [--base SEED] [--seconds S] [--threads T]: plays histories until one breaks a
// rule, whose seed and history are printed. --seed S plays one again.
#include "tests/model/simulation.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
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
    std::printf(
        "simulate: %llu histories from seed %llu in %.1f s, %.0f a second and thread; %llu runs, "
        "%llu effects\n",
        static_cast<unsigned long long>(played),
        static_cast<unsigned long long>(options.base),
        seconds(),
        static_cast<double>(played) / seconds() / options.threads,
        static_cast<unsigned long long>(runs),
        static_cast<unsigned long long>(effects)
    );
    return failing == 0 ? 0 : replay(failing);
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
    CLI11_PARSE(app, argc, argv);
    if (options.only) {
        return djdb::model::replay(*options.only);
    }
    if (options.seeds == 0 && options.seconds == 0) {
        options.seeds = 1000;
    }
    return djdb::model::run(options);
}
