#include "controller/kube/event_series.hpp"

#include "crds/api.hpp"
#include "crds/text.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <functional>

namespace djdb::kube {
namespace {

constexpr std::size_t kLongestNote = 1024;

/// MicroTime, as events.k8s.io wants it.
std::string format_micro_time(std::chrono::system_clock::time_point time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>(time - seconds).count();
    auto text = format_time(seconds);
    text.pop_back();
    const auto digits = std::to_string(micros);
    return text + "." + std::string(6 - digits.size(), '0') + digits + "Z";
}

/// Names the words about the object; a day belongs to it, so that old series do not go on for ever.
std::string name_of(const Event& event, std::chrono::system_clock::time_point now) {
    const auto day = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
    const auto hash = std::hash<std::string>{}(
        event.uid.str() + "\n" + event.reason + "\n" + event.message + "\n" + std::to_string(day)
    );
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016zx", hash);
    return event.key.name.str().substr(0, 200) + "." + digits.data();
}

}  // namespace

EventSeries::Written EventSeries::next(const Event& event, const std::string& instance) {
    const auto now = std::chrono::system_clock::now();
    const auto name = name_of(event, now);
    int count = 0;
    {
        const std::scoped_lock lock(mutex_);
        if (counts_.size() >= kMostRemembered) {
            counts_.clear();
        }
        count = ++counts_[event.key.ns.str() + "/" + name];
    }
    const auto stamp = format_micro_time(now);
    // What is said of an object without a namespace stands in this one.
    const Namespace ns(event.key.ns.str().empty() ? "default" : event.key.ns.str());
    return {
        {ns, ObjectName(name)},
        count,
        {{"apiVersion", "events.k8s.io/v1"},
         {"kind", "Event"},
         {"metadata", {{"name", name}, {"namespace", ns.str()}}},
         {"eventTime", stamp},
         {"reportingController", std::string(api::kGroup) + "/" + std::string(api::kOperator)},
         {"reportingInstance", instance},
         {"action", "Reconcile"},
         {"reason", event.reason},
         {"note", beginning_of(event.message, kLongestNote)},
         {"type", event.is_warning ? "Warning" : "Normal"},
         {"regarding",
          {{"apiVersion", event.api_version},
           {"kind", event.kind},
           {"name", event.key.name.str()},
           {"namespace", event.key.ns.str()},
           {"uid", event.uid.str()}}}},
        {{"series", {{"count", std::max(count, 2)}, {"lastObservedTime", stamp}}}}};
}

}  // namespace djdb::kube
