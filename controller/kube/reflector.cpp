#include "controller/kube/reflector.hpp"

#include "controller/kube/http_failure.hpp"
#include "controller/kube/watch_machine.hpp"

#include <nlohmann/json.hpp>

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace djdb::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string version_of(const json& object) {
    const auto metadata = object.find("metadata");
    return metadata == object.end() ? std::string{}
                                    : metadata->value("resourceVersion", std::string{});
}

}  // namespace

class Reflector::Loop {
  public:
    Loop(Client& client, ReflectorOptions options, OnChange on_change, OnTrouble on_trouble)
        : client_(client),
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
            decision = decision.next == NextMove::List ? list(std::move(decision.state), stop)
                                                       : watch(std::move(decision.state), stop);
            rest(decision.wait, stop);
        }
    }

    /// Up to as much again at random, so that the streams cut by one restart do not come back as
    /// one.
    void rest(milliseconds wait, const std::stop_token& stop) {
        if (wait.count() == 0) {
            return;
        }
        std::uniform_int_distribution<milliseconds::rep> more(0, wait.count());
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any never;
        never.wait_for(lock, stop, wait + milliseconds{more(random_)}, [] { return false; });
    }

    WatchDecision list(WatchState state, const std::stop_token& stop) {
        try {
            auto listed = client_.list(
                options_.resource, options_.selection, {stop, Deadline::in(seconds{300}), {}}
            );
            auto decision = step(std::move(state), Listed{listed.resource_version});
            swap_in(std::move(listed.items));
            return decision;
        } catch (const Error& error) {
            complain(error, stop);
            return step(std::move(state), ListRefused{});
        }
    }

    WatchDecision watch(WatchState state, const std::stop_token& stop) {
        const seconds server_timeout{std::uniform_int_distribution<int>(300, 600)(random_)};
        const auto opened_at = Deadline::Clock::now();
        try {
            auto opened = client_.watch(
                options_.resource,
                options_.selection,
                {.resource_version = state.resource_version, .server_timeout = server_timeout},
                {stop, Deadline::in(seconds{15}), {}}
            );
            if (!opened.lines) {
                complain(status_error(opened.answer, "watch " + options_.resource.plural), stop);
                return step(std::move(state), WatchRefused{opened.answer.status});
            }
            // The server ends the stream by itself; the watchdog is for a link that died without a
            // word.
            const milliseconds idle = server_timeout + seconds{30};
            while (auto line = opened.lines->next(idle, stop)) {
                auto decision = take_event(std::move(state), *line);
                if (decision.next != NextMove::ReadOn) {
                    return decision;
                }
                state = std::move(decision.state);
            }
            return step(std::move(state), WatchEnded{.broken = false, .lasted = since(opened_at)});
        } catch (const Error& error) {
            complain(error, stop);
            return step(std::move(state), WatchEnded{.broken = true, .lasted = since(opened_at)});
        }
    }

    WatchDecision take_event(WatchState state, const std::string& line) {
        auto event = json::parse(line, nullptr, false);
        if (!event.is_object() || !event.contains("object") || !event["object"].is_object()) {
            return step(std::move(state), WatchEnded{.broken = true});
        }
        auto& object = event["object"];
        const WatchEvent input{
            .type = parse_event_type(event.value("type", std::string{})),
            .resource_version = version_of(object),
            .error_code = input_code(object)};
        auto decision = step(std::move(state), input);
        if (decision.change == StoreChange::Upsert) {
            const auto pointer = keep(std::move(object));
            store_.upsert(runtime::store_key(*pointer), pointer);
            on_change_(*pointer, false);
        } else if (decision.change == StoreChange::Erase) {
            const auto pointer = keep(std::move(object));
            store_.erase(runtime::store_key(*pointer));
            on_change_(*pointer, true);
        }
        return decision;
    }

    static int input_code(const json& object) {
        const auto code = object.find("code");
        return code != object.end() && code->is_number_integer() ? code->get<int>() : 0;
    }

    void swap_in(std::vector<json> items) {
        runtime::Store::Content content;
        for (auto& item : items) {
            auto pointer = keep(std::move(item));
            content.emplace(runtime::store_key(*pointer), pointer);
        }
        const auto before = store_.replace(content);
        for (const auto& [key, object] : content) {
            const auto old = before.find(key);
            if (old == before.end() || version_of(*old->second) != version_of(*object)) {
                on_change_(*object, false);
            }
        }
        for (const auto& [key, object] : before) {
            if (!content.contains(key)) {
                on_change_(*object, true);
            }
        }
    }

    runtime::ObjectPointer keep(json object) const {
        if (!options_.keep_managed_fields) {
            object["metadata"].erase("managedFields");
        }
        return std::make_shared<const json>(std::move(object));
    }

    void complain(const Error& error, const std::stop_token& stop) {
        if (on_trouble_ && !stop.stop_requested()) {
            on_trouble_(
                options_.resource.plural + ": " + error.failure().code + ": " +
                error.failure().message
            );
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
