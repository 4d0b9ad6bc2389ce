#include "reconcilers/step.hpp"

namespace djdb {
namespace {

struct Subject {
    std::string operator()(const ProveReader& step) const { return std::to_string(step.reader); }
    std::string operator()(const PublishReaderSecret& step) const {
        return std::to_string(step.reader);
    }
    std::string operator()(const RemoveReader& step) const { return step.role.str(); }
    std::string operator()(const RemoveReaderSecret& step) const { return step.secret.str(); }
    std::string operator()(const StartProbe& step) const { return step.revision.str(); }
    std::string operator()(const CancelMigration& step) const { return step.job; }
    std::string operator()(const RemoveJob& step) const { return step.job; }
    std::string operator()(const LiftJobDeadline& step) const { return step.job; }
    std::string operator()(const RecordPassed& step) const {
        return step.templates.front().image.str();
    }
    std::string operator()(const RecordVerified& step) const {
        return step.templates.front().image.str();
    }
    std::string operator()(const OpenGate& step) const { return step.workload.meta.key.name.str(); }
    std::string operator()(const Announce& step) const { return step.reason; }
    template <class OnlyOne>
    std::string operator()(const OnlyOne&) const {
        return {};
    }
};

}  // namespace

std::string_view to_string(const Step& step) {
    return std::visit([](const auto& kind) { return kind.kName; }, step);
}

StepId id_of(const Step& step) {
    return {to_string(step), std::visit(Subject{}, step)};
}

}  // namespace djdb
