#include "reconcilers/jobs/answer.hpp"

#include "reconcilers/jobs/exit_code.hpp"
#include "reconcilers/jobs/flat_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace djdb {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestText = 500;
/// PostgreSQL's.
constexpr std::size_t kLongestName = 63;
/// App and name of a migration, as they are shown.
constexpr std::size_t kLongestMigration = 300;
/// As jobs/djangodb_approval.py writes them.
constexpr std::size_t kDigestDigits = 16;
constexpr std::size_t kMigrationDigits = 16;

std::string one_line(std::string text, std::size_t limit) {
    for (auto& c : text) {
        constexpr char kDelete = 0x7F;
        if (static_cast<unsigned char>(c) < ' ' || c == kDelete) {
            c = ' ';
        }
    }
    if (text.size() > limit) {
        // Not within a character: JSON can't be written with half a one.
        while (limit > 0 && (static_cast<unsigned char>(text.at(limit)) & 0xC0U) == 0x80U) {
            --limit;
        }
        text.resize(limit);
    }
    return text;
}

/// Why the runtime could not start the container, and the repair where we know it.
std::string explain_start(const std::string& message) {
    const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
    if (says("python3") && (says("not found") || says("o such file"))) {
        return "the image has no python3 on PATH, which the Job is started with. Set env "
               "PATH in the Pod template so that it contains the folder of the app's interpreter "
               "(such as /opt/venv/bin), or add a link python3 to the image";
    }
    return message;
}

/// The waiting reasons that don't heal by themselves, and failed scheduling.
std::optional<std::string> why_stuck(const JobPod& pod) {
    static constexpr std::array<std::string_view, 6> kStuck{
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError"};
    if (pod.waiting && std::ranges::find(kStuck, pod.waiting->reason) != kStuck.end()) {
        return one_line(
            pod.waiting->reason + ": " + explain_start(pod.waiting->message), kLongestText
        );
    }
    if (pod.unscheduled) {
        return one_line(pod.unscheduled->reason + ": " + pod.unscheduled->message, kLongestText);
    }
    return std::nullopt;
}

bool is_hexadecimal(const std::string& text) {
    return text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Eight hexadecimal digits after eight; empty when it is anything else, so that nothing half-read
/// is believed.
std::vector<std::uint32_t> decode_hashes(const std::string& text) {
    constexpr std::size_t kDigits = 8;
    std::vector<std::uint32_t> hashes;
    for (std::size_t at = 0; at < text.size(); at += kDigits) {
        const auto digits = std::string_view(text).substr(at, kDigits);
        std::uint32_t hash = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), hash, 16);
        if (digits.size() != kDigits || error != std::errc{} ||
            end != digits.data() + digits.size()) {
            return {};
        }
        hashes.push_back(hash);
    }
    return hashes;
}

/// At least as many as are named.
std::size_t count_at(const json& answer, const char* key, std::size_t named) {
    const auto found = answer.find(key);
    const auto told = found != answer.end() && found->is_number_unsigned()
                          ? found->get<std::size_t>()
                          : std::size_t{0};
    return std::max(told, named);
}

std::vector<std::string> short_names_at(const json& answer, const char* key) {
    auto names = names_at(answer, key);
    for (auto& name : names) {
        name = one_line(std::move(name), kLongestMigration);
    }
    return names;
}

bool is_whole(const std::string& digits, std::size_t of_one) {
    return !digits.empty() && digits.size() % of_one == 0 && is_hexadecimal(digits);
}

/// Known only when all of it is there that a decision needs.
FoundPlan read_plan(const json& answer) {
    FoundPlan plan;
    plan.digest = text_at(answer, "plan_digest");
    if (answer.contains("planned")) {
        plan.migrations = text_at(answer, "planned");
    }
    plan.destructive = short_names_at(answer, "destructive");
    plan.destructive_count = count_at(answer, "destructive_count", plan.destructive.size());
    plan.incompatible = short_names_at(answer, "incompatible");
    plan.incompatible_count = count_at(answer, "incompatible_count", plan.incompatible.size());
    const bool is_none = plan.digest.empty() && (!plan.migrations || plan.migrations->empty()) &&
                         plan.destructive_count + plan.incompatible_count == 0;
    const bool is_some = plan.digest.size() == kDigestDigits && is_hexadecimal(plan.digest) &&
                         (!plan.migrations || is_whole(*plan.migrations, kMigrationDigits));
    plan.is_known = answer.contains("plan_digest") && answer.contains("destructive_count") &&
                    answer.contains("incompatible_count") && (is_none || is_some);
    if (!plan.is_known) {
        plan = {};
    }
    plan.ahead = short_names_at(answer, "ahead");
    plan.ahead_count = count_at(answer, "ahead_count", plan.ahead.size());
    plan.ahead_digest = one_line(text_at(answer, "ahead_digest"), kDigestDigits);
    plan.squashed = short_names_at(answer, "squashed");
    if (!plan.is_known) {
        return plan;
    }
    if (answer.contains("pending")) {
        plan.pending = short_names_at(answer, "pending");
    }
    plan.name = plan.digest;
    plan.is_new = answer.value("is_new", json()) == true;
    return plan;
}

bool is_empty_list(const json& answer, const char* key) {
    const auto list = answer.find(key);
    return list != answer.end() && list->is_array() && list->empty();
}

std::string with_exit_code(const ContainerEnd& end, const std::string& rest) {
    return "the container ended with exit code " + std::to_string(end.exit_code) + rest;
}

bool ended_well(const ContainerEnd& end) {
    return end.exit_code == static_cast<int>(ExitCode::Done);
}

/// By a signal. At a deadline that is the Job controller's doing.
bool was_cut_short(const ContainerEnd& end) {
    return end.exit_code == static_cast<int>(ExitCode::Interrupted) ||
           end.exit_code == static_cast<int>(ExitCode::Killed) ||
           end.exit_code == static_cast<int>(ExitCode::Terminated);
}

/// The reason stays the runtime's, such as OOMKilled, unless that says that all went well.
NoAnswer no_answer(const ContainerEnd& end, TimePoint finished, std::string message) {
    return {end.exit_code, ended_well(end) ? "NoAnswer" : end.reason, std::move(message), finished};
}

/// What a program left behind that was killed, or left by application code, before it was done.
std::string read_last_words(const ContainerEnd& end, const json& answer) {
    const auto migration = text_at(answer, "migration");
    return with_exit_code(
        end,
        " before it was done, at stage " + one_line(text_at(answer, "stage"), 64) +
            (migration.empty() ? "" : " in " + one_line(migration, 300))
    );
}

/// Known only when all of it is there.
KeptDump read_dump(const json& answer) {
    constexpr std::size_t kDigits = 64;
    constexpr std::size_t kLongestFile = 255;
    const auto bytes = answer.find("bytes");
    KeptDump dump{one_line(text_at(answer, "file"), kLongestFile), 0, text_at(answer, "sha256")};
    if (dump.file.empty() || dump.sha256.size() != kDigits || !is_hexadecimal(dump.sha256) ||
        bytes == answer.end() || !bytes->is_number_unsigned() ||
        bytes->get<std::uint64_t>() >
            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return {};
    }
    dump.bytes = bytes->get<std::int64_t>();
    return dump;
}

Answered read_answer(const ContainerEnd& end, const json& answer, TimePoint finished) {
    const auto ok = answer.find("ok");
    Answered read;
    read.ok = ended_well(end) && ok != answer.end() && *ok == true;
    read.exit_code = end.exit_code;
    read.reason = one_line(text_at(answer, "reason"), 64);
    if (read.reason.empty() && !ended_well(end)) {
        read.reason = end.reason;
    }
    read.message = one_line(text_at(answer, "message"), kLongestText);
    if (read.message.empty() && !read.ok) {
        read.message = with_exit_code(end, " and gave no answer");
    }
    read.leaves = names_at(answer, "leaves");
    read.leaf_hashes = decode_hashes(text_at(answer, "leaves_crc32"));
    read.applied = names_at(answer, "applied");
    for (auto& warning : names_at(answer, "warnings")) {
        read.warnings.push_back(one_line(std::move(warning), kLongestText));
    }
    read.has_no_migrations = is_empty_list(answer, "leaves") && is_empty_list(answer, "applied");
    read.database = one_line(text_at(answer, "database"), kLongestName);
    read.user = one_line(text_at(answer, "user"), kLongestName);
    read.recorded_in = one_line(text_at(answer, "recorded_in"), kLongestName);
    read.plan = read_plan(answer);
    read.dump = read_dump(answer);
    read.finished = finished;
    return read;
}

JobEnd read_container_end(const ContainerEnd& end, TimePoint finished) {
    if (end.reason == kInitContainerFailed) {
        // Nothing of ours has run, so it is tried again as if the server had not been reached.
        return NoAnswer{
            static_cast<int>(ExitCode::Unreachable),
            end.reason,
            one_line(end.answer_text, kLongestText),
            finished};
    }
    if (end.reason == "StartError") {
        return no_answer(end, finished, one_line(explain_start(end.answer_text), kLongestText));
    }
    const auto answer = parse_flat(end.answer_text);
    if (!answer.is_object()) {
        return no_answer(
            end,
            finished,
            ended_well(end) ? "the container ended well but gave no answer, so nothing is known"
                            : with_exit_code(end, " and gave no answer")
        );
    }
    if (text_at(answer, "reason") == "InProgress") {
        return no_answer(end, finished, read_last_words(end, answer));
    }
    return read_answer(end, answer, finished);
}

/// The end of the last of our containers; nullptr while one may yet run, or none has told its end.
const ContainerEnd* last_end(const JobRun& job) {
    const bool is_one_open =
        std::ranges::any_of(job.pods, [](const JobPod& pod) { return !pod.end && !pod.is_over; });
    const auto* last = is_one_open ? nullptr : last_ended(job);
    return last != nullptr && last->end ? &*last->end : nullptr;
}

JobEnd judge_running(const JobRun& job) {
    for (const auto& pod : job.pods) {
        if (auto why = why_stuck(pod)) {
            return Stuck{*std::move(why)};
        }
    }
    if (job.obstacle) {
        return Stuck{one_line(job.obstacle->reason + ": " + job.obstacle->message, kLongestText)};
    }
    return Underway{};
}

}  // namespace

const JobPod* last_ended(const JobRun& job) {
    const JobPod* last = nullptr;
    TimePoint finished{};
    for (const auto& pod : job.pods) {
        if (pod.end && (last == nullptr || finished <= pod.end->finished)) {
            last = &pod;
            finished = pod.end->finished;
        }
    }
    return last;
}

JobEnd read_end(const JobRun& job) {
    const auto* end = last_end(job);
    const bool is_past_deadline = job.failure_reason == "DeadlineExceeded";
    // pg_dump ends with 1 and words of its own when it is stopped; before our container nothing else counts either.
    const bool was_stopped = end != nullptr && is_past_deadline &&
                             (was_cut_short(*end) || end->reason == kInitContainerFailed);
    if (end != nullptr && !was_stopped) {
        return read_container_end(
            *end, end->finished == TimePoint{} ? job.finished : end->finished
        );
    }
    if (job.state == JobState::Running) {
        return judge_running(job);
    }
    if (is_past_deadline) {
        return DeadlineExceeded{};
    }
    if (!std::ranges::all_of(job.pods, &JobPod::is_over)) {
        return Underway{};
    }
    return AnswerLost{job.finished};
}

bool may_have_started(const JobRun& job) {
    return !std::ranges::all_of(job.pods, [&](const JobPod& pod) {
        return !pod.is_over && (why_stuck(pod) || (job.obstacle && !pod.has_started));
    });
}

bool is_over(const JobEnd& end) {
    return !std::holds_alternative<Underway>(end) && !std::holds_alternative<Stuck>(end);
}

bool said_ok(const JobEnd& end) {
    const auto* answered = std::get_if<Answered>(&end);
    return answered != nullptr && answered->ok;
}

bool outlives_its_part(const JobRun& job) {
    return job.state == JobState::Running && !job.being_deleted && is_over(read_end(job)) &&
           std::ranges::any_of(job.pods, &JobPod::others_run);
}

bool would_lose_its_answer(const JobRun& job) {
    return outlives_its_part(job) && job.has_deadline;
}

Explanation explain(const JobEnd& end) {
    if (const auto* answered = std::get_if<Answered>(&end)) {
        return answered->ok ? Explanation{} : Explanation{answered->reason, answered->message};
    }
    if (const auto* silent = std::get_if<NoAnswer>(&end)) {
        return {silent->reason, silent->message};
    }
    if (std::holds_alternative<AnswerLost>(end)) {
        return {"AnswerLost", "the Job's Pod was removed or evicted before its answer was read"};
    }
    if (std::holds_alternative<DeadlineExceeded>(end)) {
        return {
            "DeadlineExceeded",
            "it was not done in time and was stopped; a migration has spec.migrations.deadline, a "
            "backup spec.backup.deadline, a verification spec.verify.deadline, a probe 15 minutes"};
    }
    return {};
}

Reason reason_shown_for(const std::string& word, ConditionType condition, Reason otherwise) {
    const auto reason = parse_reason(word);
    return reason && appears_in(*reason, condition) ? *reason : otherwise;
}

}  // namespace djdb
