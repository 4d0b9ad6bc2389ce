// simulate_mutant_NAME [--base SEED] [--seeds N]: plays histories with one planted bug (world/mutants.hpp),
// which has to break a rule within the seeds. --history prints how it did. A rule that is broken in a
// history in which the bug was not at work is a defect of the product or of the model.
#include "tests/model/simulation.hpp"
#include "tests/model/world/mutants.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>

namespace djdb::model {
namespace {

struct Options {
    std::uint64_t base = 1;
    std::uint64_t seeds = 1000;
    bool shows_history = false;
};

int judge(const Options& options, const char* name, std::uint64_t seed, const Outcome& outcome) {
    for (const auto& line : outcome.history) {
        std::printf("%s\n", line.c_str());
    }
    if (times_mutated == 0) {
        std::printf(
            "%s: seed %llu breaks a rule before the mutant was at work: %s\n",
            name,
            static_cast<unsigned long long>(seed),
            outcome.violation->c_str()
        );
        return 1;
    }
    std::printf(
        "%s: found by seed %llu, the %llu. of %llu: %s\n",
        name,
        static_cast<unsigned long long>(seed),
        static_cast<unsigned long long>(seed) - options.base + 1,
        static_cast<unsigned long long>(options.seeds),
        outcome.violation->c_str()
    );
    return 0;
}

int find_mutant(const Options& options, const char* name) {
    std::uint64_t acted = 0;
    for (auto seed = options.base; seed < options.base + options.seeds; ++seed) {
        times_mutated = 0;
        const auto outcome = simulate(seed, options.shows_history);
        acted += times_mutated;
        if (outcome.violation) {
            return judge(options, name, seed, outcome);
        }
    }
    std::printf(
        "%s: NOT FOUND by %llu histories; %s\n",
        name,
        static_cast<unsigned long long>(options.seeds),
        acted == 0 ? "its code never ran: it is planted where nothing comes by any more"
                   : "its code ran, and no rule was broken"
    );
    return 1;
}

}  // namespace
}  // namespace djdb::model

// NOLINTBEGIN(cppcoreguidelines-macro-usage): the name comes from the compiler's command line
#define DJDB_NAME_OF(word) #word
#define DJDB_NAME(word) DJDB_NAME_OF(word)
// NOLINTEND(cppcoreguidelines-macro-usage)

int main(int argc, char** argv) {
    CLI::App app("Plays histories of the operator with a planted bug, which has to be found.");
    djdb::model::Options options;
    app.add_option("--base", options.base, "the first seed");
    app.add_option("--seeds", options.seeds, "how many at most");
    app.add_flag("--history", options.shows_history, "print the history that shows it");
    CLI11_PARSE(app, argc, argv);
    return djdb::model::find_mutant(options, DJDB_NAME(DJDB_MUTANT));
}
