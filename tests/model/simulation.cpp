#include "tests/model/simulation.hpp"

#include "tests/model/kube/controllers.hpp"
#include "tests/model/undisturbed.hpp"
#include "tests/model/world/ending.hpp"
#include "tests/model/world/operator_process.hpp"
#include "tests/model/world/story.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace djdb::model {
namespace {

constexpr Millis kMinute = 60'000;
/// A history that takes more steps than this does not come to an end.
constexpr std::uint64_t kMostSteps = 60'000;

FaultPlan draw_faults(Random& random) {
    FaultPlan plan;
    switch (random.below(8)) {
        case 0:
        case 1:
        case 2:
            plan.marked = static_cast<std::uint64_t>(random.between(1, 70));
            plan.mishap = random.chance(500) ? Mishap::DiesAfter : Mishap::DiesBefore;
            break;
        case 3:
            plan.fails = 30;
            plan.loses_reply = 30;
            break;
        case 4:
            plan.crashes = 30;
            break;
        case 5:
            plan.long_lags = 60;
            plan.lag = 400;
            break;
        case 6:
            plan.fails = plan.loses_reply = plan.crashes = 60;
            plan.long_lags = 30;
            plan.pauses = 10;
            break;
        default:
            break;
    }
    return plan;
}

/// One or two operators, and their successors.
class Operators {
  public:
    Operators(World& world, int count) : world_(world) {
        for (int i = 0; i < count; ++i) {
            start();
        }
    }
    void replace_the_dead() {
        for (std::size_t i = 0; i < all_.size(); ++i) {
            if (!all_[i]->is_alive() && !is_replaced_[i]) {
                is_replaced_[i] = true;
                world_.timeline.after(world_.faults.random().between(200, 3'000), [this] {
                    start();
                });
            }
        }
    }
    /// Those that are not in the midst of a run themselves.
    void take_turns() {
        for (const auto& one : all_) {
            one->take_turn();
        }
    }
    /// From now on one acts alone.
    void end_rivalry() {
        bool is_first = true;
        for (std::size_t i = 0; i < all_.size(); ++i) {
            if (all_[i]->is_alive() && !std::exchange(is_first, false)) {
                all_[i]->kill();
                is_replaced_[i] = true;
            }
        }
    }
    [[nodiscard]] std::uint64_t runs() const {
        std::uint64_t sum = 0;
        for (const auto& one : all_) {
            sum += one->runs();
        }
        return sum;
    }

  private:
    void start() {
        is_replaced_.push_back(false);
        all_.push_back(
            std::make_unique<OperatorProcess>(world_, "operator-" + std::to_string(all_.size() + 1))
        );
    }

    World& world_;
    std::vector<std::unique_ptr<OperatorProcess>> all_;
    std::vector<bool> is_replaced_;
};

/// Plays on until then. @return false when a rule was broken or it does not come to an end
bool play(World& world, Operators& operators, Millis until) {
    while (!world.timeline.is_empty() && world.timeline.next() <= until) {
        world.timeline.step();
        operators.replace_the_dead();
        if (world.rules.violation()) {
            return false;
        }
        if (world.timeline.steps() > kMostSteps) {
            world.rules.violated("L1: it does not come to rest");
            return false;
        }
    }
    return true;
}

void play_to_the_end(World& world, Operators& operators, const Script& script, Stage& stage) {
    if (!play(world, operators, script.end + 2'000)) {
        return;
    }
    world.faults.end();
    world.history.note("world", [] { return std::string("from now on nothing goes wrong"); });
    if (world.rules.has_rivals) {
        operators.end_rivalry();
    }
    const auto begin = world.timeline.now();
    std::string unrest = "nothing yet";
    // What a DBA did a moment ago is seen by the next look at the server's catalogs.
    for (Millis waited = kMinute; waited < 45 * kMinute && !unrest.empty(); waited += kMinute / 2) {
        if (!play(world, operators, begin + waited)) {
            return;
        }
        unrest = find_unrest(world, script);
        if (waited == 12 * kMinute) {
            if (const auto held = find_what_a_proof_holds(world); !held.empty()) {
                world.rules.violated("S21: " + held + " waits for a proof of what serves");
                return;
            }
        }
        // A person repairs what needs one, and once more what came behind that.
        if (!unrest.empty() && (waited == 12 * kMinute || waited == 24 * kMinute)) {
            stage.follow_advice();
        }
    }
    if (!unrest.empty()) {
        world.rules.violated("L1: " + unrest);
        return;
    }
    if (!play(world, operators, world.timeline.now() + 5'000)) {
        return;
    }
    const auto writes = world.api.writes();
    const auto revision = world.postgres.state.revision;
    if (play(world, operators, world.timeline.now() + 11 * kMinute) &&
        (world.api.writes() != writes || world.postgres.state.revision != revision)) {
        world.rules.violated(
            "S14: a settled resource is written: requests " +
            std::to_string(world.api.writes() - writes) + ", revisions of the ledger " +
            std::to_string(world.postgres.state.revision - revision)
        );
    }
}

Troubles troubles_of(const World& world, const Stage& stage) {
    Troubles troubles;
    troubles.crashes = world.faults.crashes();
    troubles.failures = world.faults.failures() + world.api.jobs_refused;
    troubles.delays = world.faults.delays();
    troubles.deeds = static_cast<std::uint64_t>(std::ranges::count_if(stage.done(), [](Deed deed) {
        // What the resource before it had begun begins anew.
        return meaning_of(deed) != Meaning::Plan || deed == Deed::CreateAgain;
    }));
    troubles.attempts = world.failed_attempts;
    troubles.retries = stage.jobs_removed();
    return troubles;
}

std::uint64_t templates_of(const Stage& stage) {
    return static_cast<std::uint64_t>(std::ranges::count_if(stage.done(), [](Deed deed) {
        return deed == Deed::Deploy || deed == Deed::Restart || deed == Deed::RollBack;
    }));
}

}  // namespace

Outcome play(const Course& course, bool keeps_history) {
    World world(course.seed, course.faults, keeps_history);
    world.rules.has_rivals = course.script.has_rivals;
    const Controllers controllers(world);
    Stage stage(world, course.script);
    Operators operators(world, course.script.has_rivals ? 2 : 1);
    world.rivals_turn = [&] { operators.take_turns(); };
    play_to_the_end(world, operators, course.script, stage);
    Outcome outcome;
    outcome.violation = world.rules.violation();
    outcome.history = world.history.lines();
    outcome.deeds = stage.done();
    outcome.effects = world.faults.effects();
    outcome.runs = operators.runs();
    if (!outcome.violation) {
        outcome.ending = {
            facts_of(world),
            world.faults.counts(),
            troubles_of(world, stage),
            templates_of(stage),
            course.faults.lag,
            course.script.has_rivals};
    }
    return outcome;
}

Course draw_course(std::uint64_t seed) {
    Random random(seed);
    Course course;
    course.script = draw_script(random.fork());
    course.faults = draw_faults(random);
    course.seed = random.next();
    return course;
}

Outcome judge(Outcome outcome) {
    thread_local Undisturbed undisturbed;
    const bool is_comparable =
        std::ranges::find(outcome.deeds, Meaning::AnotherEnd, meaning_of) == outcome.deeds.end();
    if (!outcome.violation && is_comparable) {
        auto differences = compare(outcome.ending, undisturbed.of(outcome.deeds));
        if (!differences.empty()) {
            outcome.violation = differences.front();
            std::ranges::move(differences, std::back_inserter(outcome.history));
        }
    }
    return outcome;
}

Outcome simulate(std::uint64_t seed, bool keeps_history) {
    return judge(play(draw_course(seed), keeps_history));
}

}  // namespace djdb::model
