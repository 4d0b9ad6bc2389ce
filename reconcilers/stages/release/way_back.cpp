#include "reconcilers/stages/release/way_back.hpp"

#include "crds/text.hpp"
#include "reconcilers/app_template.hpp"
#include "reconcilers/stages/release/proof.hpp"
#include "reconcilers/stages/release/workload_facts.hpp"

#include <algorithm>
#include <ranges>
#include <vector>

namespace djdb {
namespace {

/// A template that passed before, and the ReplicaSet that keeps it.
struct Earlier {
    const PassedTemplate* pass = nullptr;
    const RolledTemplate* rolled = nullptr;
};

const RolledTemplate* find_rolled(
    const Desired& desired,
    const Observed& observed,
    const Workload& workload,
    const PassedTemplate& pass
) {
    for (const auto& rolled : observed.release.rolled) {
        if (rolled.owner == workload.meta.uid && !rolled.revision.empty() &&
            app_template_hash(former_of(workload, rolled), desired.object.spec.app) ==
                pass.app_template) {
            return &rolled;
        }
    }
    return nullptr;
}

/// The last one that was proven, or that passed where nobody asked for that.
Earlier find_earlier(
    const Desired& desired,
    const Observed& observed,
    const Workload& workload,
    const PassedTemplate& current
) {
    for (const auto& pass : std::views::reverse(known(observed.tenant).passed_templates)) {
        const bool was_never_proven = pass.verified && pass.verified->empty();
        if (pass.app_template == current.app_template || was_never_proven) {
            continue;
        }
        if (const auto* rolled = find_rolled(desired, observed, workload, pass)) {
            return {&pass, rolled};
        }
    }
    return {};
}

/// Names of what was migrated since and was not judged compatible; a word for what nobody judged. Empty: it is safe.
std::vector<std::string> in_the_way(
    const Observed& observed, const PassedTemplate& earlier, const PassedTemplate& current
) {
    if (earlier.applied == current.applied) {
        return {};
    }
    bool is_judged = false;
    std::vector<std::string> names;
    for (const auto& judged : observed.release.judged) {
        if (judged.since == earlier.applied) {
            is_judged = true;
            if (!judged.is_compatible) {
                names.push_back(judged.name);
            }
        }
    }
    // What passed between the two on another state has migrated something of its own.
    const bool has_another_between =
        std::ranges::any_of(known(observed.tenant).passed_templates, [&](const auto& pass) {
            return pass.applied != earlier.applied && pass.applied != current.applied &&
                   &earlier < &pass && &pass < &current;
        });
    if (!is_judged || has_another_between) {
        names.emplace_back("migrations that nobody has judged");
    }
    return names;
}

/// Of all Deployments that have an earlier template to go back to.
struct Way {
    std::string image;
    std::vector<std::string> commands;
    std::vector<std::string> obstacles;
    bool has_migrated = false;
};

void add(Way& way, const Desired& desired, const Observed& observed, const Workload& workload) {
    const auto* current = find_pass(desired, observed, workload);
    const auto earlier = current == nullptr || workload.hold
                             ? Earlier{}
                             : find_earlier(desired, observed, workload, *current);
    if (earlier.pass == nullptr) {
        return;
    }
    way.image = earlier.pass->image.str();
    way.has_migrated = way.has_migrated || earlier.pass->applied != current->applied;
    way.commands.push_back(
        "kubectl -n " + workload.meta.key.ns.str() + " rollout undo deployment/" +
        workload.meta.key.name.str() + " --to-revision=" + earlier.rolled->revision
    );
    for (auto& name : in_the_way(observed, *earlier.pass, *current)) {
        if (std::ranges::find(way.obstacles, name) == way.obstacles.end()) {
            way.obstacles.push_back(std::move(name));
        }
    }
}

}  // namespace

std::string way_back(const Desired& desired, const Observed& observed) {
    Way way;
    for (const auto& workload : observed.release.workloads) {
        add(way, desired, observed, workload);
    }
    auto& [image, commands, obstacles, has_migrated] = way;
    if (commands.empty()) {
        return {};
    }
    if (!obstacles.empty()) {
        constexpr std::size_t kMostNames = 8;
        obstacles.resize(std::min(obstacles.size(), kMostNames));
        const bool is_judged = desired.object.spec.preflight.when != PreflightWhen::Never;
        return " To go back to " + image + " is not safe, since it may fail behind " +
               join(obstacles, ", ") +
               (is_judged ? ": the gate would hold it (RollbackUnsafe)." : ".");
    }
    return " " + image + " works with the database" +
           (has_migrated ? ", since what was migrated was judged compatible with it"
                         : ", since nothing was migrated") +
           "; go back by " + join(commands, " && ") + ", or in Git where that sets the image.";
}

}  // namespace djdb
