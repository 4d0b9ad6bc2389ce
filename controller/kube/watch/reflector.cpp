#include "controller/kube/watch/reflector.hpp"

#include "controller/kube/client/http_failure.hpp"
#include "controller/kube/client/wire_json.hpp"
#include "controller/kube/watch/watch_machine.hpp"
#include "controller/runtime/stoppable_wait.hpp"

#include <nlohmann/json.hpp>

#include <random>
#include <thread>
#include <utility>

namespace djdb::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string version_of(const json& object) {
    return text_at(object, {"metadata", "resourceVersion"});
}

}  // namespace

class Reflector::Loop {
  public:
    Loop(Client& client, ReflectorOptions options, OnChange on_change, OnTrouble on_trouble)
        : store_(options.index_by),
          client_(client),
          options_(std::move(options)),
          on_change_(std::move(on_change)),
          on_trouble_(std::move(on_trouble)),
          thread_([this](std::stop_token stop) { run(stop); }) {}

    runtime::Store store_;

    void request_stop() { thread_.request_stop(); }

  private:
    void run(const std::stop_token& stop) {
        WatchDecision decision;
        while (!stop.stop_requested()) {
            decision = decision.next == NextMove::List ? list(decision.state, stop)
                                                       : watch(std::move(decision.state), stop);
            rest(decision.wait, stop);
        }
    }

    /// Half of it to all of it, at random, so that the streams cut by one restart do not come back
    /// as one.
    void rest(milliseconds wait, const std::stop_token& stop) {
        if (wait.count() > 0) {
            std::uniform_int_distribution<milliseconds::rep> span(wait.count() / 2, wait.count());
            runtime::wait_for(milliseconds{span(random_)}, stop);
        }
    }

    WatchDecision list(const WatchState& state, const std::stop_token& stop) {
        try {
            auto listed = client_.list(
                options_.resource, options_.selection, {stop, Deadline::in(seconds{300}), {}}
            );
            swap_in(std::move(listed.items), stop);
            return step(state, Listed{listed.resource_version});
        } catch (const std::exception& error) {
            complain(error, stop);
            return step(state, ListRefused{});
        }
    }

    WatchDecision watch(WatchState state, const std::stop_token& stop) {
        const auto opened_at = Deadline::Clock::now();
        WatchEnded end{.broken = true, .lasted = {}, .without_a_word = true};
        try {
            const seconds server_timeout{std::uniform_int_distribution<int>(300, 600)(random_)};
            const auto opened = client_.watch(
                options_.resource,
                options_.selection,
                {.resource_version = state.resource_version, .server_timeout = server_timeout},
                {stop, Deadline::in(seconds{15}), {}}
            );
            if (!opened.lines) {
                return refused(std::move(state), opened.answer, stop);
            }
            // The server ends the stream by itself; the watchdog is for a link that died without a
            // word.
            const milliseconds idle = server_timeout + seconds{30};
            while (const auto line = opened.lines->next(idle, stop)) {
                auto decision = take_event(state, *line, stop);
                if (decision.next != NextMove::ReadOn) {
                    return decision;
                }
                state = std::move(decision.state);
                end.without_a_word = false;
            }
            end.broken = false;
        } catch (const Error& error) {
            complain(error, stop);
            if (error.failure().code == "Oversize") {
                return step(std::move(state), UnusableEvent{});
            }
        } catch (const std::exception& error) {
            complain(error, stop);
        }
        end.lasted = since(opened_at);
        return step(std::move(state), end);
    }

    WatchDecision refused(
        WatchState state, const HttpResponse& answer, const std::stop_token& stop
    ) {
        complain(status_error(answer, "watch " + options_.resource.plural), stop);
        return step(
            std::move(state),
            WatchRefused{says_version_is_lost(answer.status, parse_wire_json(answer.body))}
        );
    }

    WatchDecision take_event(
        const WatchState& state, const std::string& line, const std::stop_token& stop
    ) {
        auto event = parse_wire_json(line);
        const auto type = parse_event_type(text_at(event, {"type"}));
        auto object =
            event.is_object() && event.contains("object") ? std::move(event["object"]) : json();
        if (!is_usable(type, object)) {
            complain("an event of the watch can't be used: " + line.substr(0, 200), stop);
            return step(state, UnusableEvent{});
        }
        auto decision = step(
            state,
            WatchEvent{
                .type = type,
                .resource_version = version_of(object),
                .version_lost =
                    type == EventType::Error && says_version_is_lost(code_of(object), object)}
        );
        if (decision.change == StoreChange::Upsert) {
            const auto pointer = keep(std::move(object));
            store_.upsert(runtime::store_key(*pointer), pointer);
            tell(*pointer, false, stop);
        } else if (decision.change == StoreChange::Erase) {
            const auto pointer = keep(std::move(object));
            store_.erase(runtime::store_key(*pointer));
            tell(*pointer, true, stop);
        }
        return decision;
    }

    /// A bookmark has a version alone, an error is a Status; a type that we don't know is skipped.
    static bool is_usable(EventType type, json& object) {
        switch (type) {
            case EventType::Added:
            case EventType::Modified:
            case EventType::Deleted:
                return settle_metadata(object);
            case EventType::Bookmark:
                return !version_of(object).empty();
            case EventType::Error:
            case EventType::Unknown:
                break;
        }
        return object.is_object();
    }

    static int code_of(const json& object) {
        const auto code = object.find("code");
        return code != object.end() && code->is_number_integer() ? code->get<int>() : 0;
    }

    void swap_in(std::vector<json> items, const std::stop_token& stop) {
        runtime::Store::Content content;
        for (auto& item : items) {
            auto pointer = keep(std::move(item));
            content.emplace(runtime::store_key(*pointer), pointer);
        }
        const auto before = store_.replace(content);
        for (const auto& [key, object] : content) {
            const auto old = before.find(key);
            if (old == before.end() || version_of(*old->second) != version_of(*object)) {
                tell(*object, false, stop);
            }
        }
        for (const auto& [key, object] : before) {
            if (!content.contains(key)) {
                tell(*object, true, stop);
            }
        }
    }

    runtime::ObjectPointer keep(json object) const {
        if (!options_.keep_managed_fields) {
            object["metadata"].erase("managedFields");
        }
        if (options_.trim) {
            options_.trim(object);
        }
        return std::make_shared<const json>(std::move(object));
    }

    /// The callback promises not to throw; if it does, the other objects go on all the same.
    void tell(const json& object, bool deleted, const std::stop_token& stop) {
        try {
            on_change_(object, deleted);
        } catch (const std::exception& error) {
            complain(runtime::store_key(object) + ": " + error.what(), stop);
        }
    }

    void complain(const std::exception& error, const std::stop_token& stop) {
        const auto* failure = dynamic_cast<const Error*>(&error);
        complain(failure ? failure->failure().code + ": " + error.what() : error.what(), stop);
    }
    void complain(const std::string& what, const std::stop_token& stop) {
        if (on_trouble_ && !stop.stop_requested()) {
            on_trouble_(options_.resource.plural + ": " + what);
        }
    }

    static milliseconds since(Deadline::Clock::time_point start) {
        return std::chrono::duration_cast<milliseconds>(Deadline::Clock::now() - start);
    }

    Client& client_;
    ReflectorOptions options_;
    OnChange on_change_;
    OnTrouble on_trouble_;
    std::mt19937_64 random_{std::random_device{}()};
    /// Last: it starts when everything above is there, and ends first.
    std::jthread thread_;
};

Reflector::Reflector(
    Client& client, ReflectorOptions options, OnChange on_change, OnTrouble on_trouble
)
    : loop_(std::make_unique<Loop>(
          client, std::move(options), std::move(on_change), std::move(on_trouble)
      )) {}

Reflector::~Reflector() = default;

const runtime::Store& Reflector::store() const {
    return loop_->store_;
}

bool Reflector::wait_until_synced(Deadline deadline, std::stop_token stop) const {
    return loop_->store_.wait_until_synced(deadline.at(), std::move(stop));
}

void Reflector::request_stop() {
    loop_->request_stop();
}

}  // namespace djdb::kube
