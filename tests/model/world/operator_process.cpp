#include "tests/model/world/operator_process.hpp"

#include "controller/runtime/work_queue.hpp"

#include <algorithm>

namespace djdb::model {
namespace {

/// As the product's queue.
constexpr Millis kWatchDelay = runtime::kWatchDelay.count();

const CallContext& call() {
    static const CallContext kCall{{}, Deadline(Deadline::Clock::time_point::max()), "simulated"};
    return kCall;
}

/// Its databases hear of a server what is wanted, which one it is, and whether it can be used: as
/// controller/watches.cpp.
bool tells_databases(const PostgresServer* before, const PostgresServer* now) {
    if (before == nullptr || now == nullptr) {
        return true;
    }
    const auto ready_of = [](const PostgresServer& server) {
        const auto& all = server.status.conditions;
        const auto ready = std::ranges::find(all, ConditionType::Ready, &Condition::type);
        return ready == all.end() ? Condition{} : *ready;
    };
    return before->spec != now->spec ||
           before->status.system_identifier != now->status.system_identifier ||
           before->status.timeline != now->status.timeline || ready_of(*before) != ready_of(*now);
}

bool is_status_alone(const DjangoDatabase* before, const DjangoDatabase* now) {
    if (before == nullptr || now == nullptr) {
        return false;
    }
    auto meta = before->meta;
    meta.resource_version = now->meta.resource_version;
    return meta == now->meta && before->spec == now->spec;
}

}  // namespace

OperatorProcess::OperatorProcess(World& world, std::string name)
    : world_(world),
      caller_{std::move(name)},
      views_(world.api),
      cluster_(world, caller_, views_),
      model_records_(world, caller_, views_),
      records_(model_records_),
      database_(world, caller_),
      clock_(world.api),
      passwords_(world.random.fork()),
      databases_(cluster_, records_, database_, clock_, passwords_, cache_),
      servers_(
          cluster_,
          database_,
          clock_,
          CatalogResync(database_, cache_, [this](const ObjectKey& key) { wake_database(key); })
      ),
      poller_(cluster_, cache_, [this](const ObjectKey& key) { wake_database(key); }),
      backoff_({}, world.random.next()),
      immediate_(
          {std::chrono::milliseconds{1}, std::chrono::milliseconds{60'000}}, world.random.next()
      ) {
    works_.reserve(8);
    world_.history.note(caller_.name, [] { return std::string("starts"); });
    follow();
    for (const auto& [key, server] : views_.servers.all()) {
        wake(find_work(true, key), world_.timeline.now());
    }
    wake_all_databases();
    poll();
}

void OperatorProcess::kill() {
    if (caller_.is_alive) {
        world_.history.note(caller_.name, [] { return std::string("!! is killed"); });
        caller_.is_alive = false;
    }
}

void OperatorProcess::take_turn() {
    if (!caller_.is_alive) {
        return;
    }
    const auto catch_up = [](auto& view) {
        while (view.advance() != nullptr) {
        }
    };
    catch_up(views_.databases);
    catch_up(views_.servers);
    catch_up(views_.deployments);
    catch_up(views_.jobs);
    catch_up(views_.pods);
    catch_up(views_.records);
    catch_up(views_.secrets);
    catch_up(views_.gates);
    const auto now = world_.timeline.now();
    for (const auto& [key, server] : views_.servers.all()) {
        wake(find_work(true, key), now);
    }
    wake_all_databases();
    for (std::size_t i = 0; i < works_.size(); ++i) {
        if (!works_[i].is_server) {
            wake(i, now);
            try_run(i);
        }
    }
}

template <class Object, class Wake>
void OperatorProcess::follow(Kind kind, const Table<Object>& table, View<Object>& view, Wake wake) {
    // The table outlives nobody: it is the world's, and so is this process.
    const_cast<Table<Object>&>(table).listen([this, kind, &view, wake](const auto&) {
        if (!caller_.is_alive) {
            return;
        }
        auto& last = last_delivery_.at(static_cast<std::size_t>(kind));
        last = std::max(last, world_.timeline.now() + world_.faults.draw_lag());
        world_.timeline.at(last, [this, &view, wake] {
            if (!caller_.is_alive) {
                return;
            }
            if (const auto* change = view.advance()) {
                wake(*change);
            }
        });
    });
}

void OperatorProcess::follow() {
    const auto& api = world_.api;
    follow(Kind::Databases, api.databases, views_.databases, [this](const auto& change) {
        if (!is_status_alone(change.before.get(), change.now.get()) ||
            !cache_.is_expected_status(change.key, change.now->status)) {
            wake_database(change.key);
        }
    });
    follow(Kind::Servers, api.servers, views_.servers, [this](const auto& change) {
        wake_server(change.before.get(), change.now.get());
    });
    follow(Kind::Deployments, api.deployments, views_.deployments, [this](const auto& change) {
        for (const auto* one : {change.before.get(), change.now.get()}) {
            if (one != nullptr && !one->database.empty()) {
                wake_database({change.key.ns, ObjectName(one->database)});
            }
        }
    });
    follow(Kind::Jobs, api.jobs, views_.jobs, [this](const auto& change) {
        const auto& one = change.now ? change.now : change.before;
        wake_database({change.key.ns, ObjectName(one->database)});
    });
    follow(Kind::Pods, api.pods, views_.pods, [this](const auto& change) {
        const auto& one = change.now ? change.now : change.before;
        wake_database({change.key.ns, ObjectName(one->database)});
    });
    follow(Kind::Records, api.records, views_.records, [](const auto&) {});
    follow(Kind::Secrets, api.secrets, views_.secrets, [this](const auto& change) {
        if (change.key == kMainCa) {
            wake_all_databases();
        }
    });
    follow(Kind::Gates, api.gates, views_.gates, [this](const auto&) { wake_all_databases(); });
}

std::size_t OperatorProcess::find_work(bool is_server, const ObjectKey& key) {
    for (std::size_t i = 0; i < works_.size(); ++i) {
        if (works_[i].is_server == is_server && works_[i].key == key) {
            return i;
        }
    }
    works_.push_back({is_server, key});
    return works_.size() - 1;
}

void OperatorProcess::wake_database(const ObjectKey& key) {
    wake(find_work(false, key), world_.timeline.now());
}

void OperatorProcess::wake_all_databases() {
    for (const auto& [key, database] : views_.databases.all()) {
        wake_database(key);
    }
}

void OperatorProcess::wake_server(const PostgresServer* before, const PostgresServer* now) {
    const auto* known = now != nullptr ? now : before;
    const bool is_asked = before == nullptr || now == nullptr || before->spec != now->spec ||
                          before->meta.annotations != now->meta.annotations;
    if (is_asked) {
        wake(find_work(true, known->meta.key), world_.timeline.now());
    }
    if (tells_databases(before, now)) {
        wake_all_databases();
    }
}

void OperatorProcess::wake(std::size_t work, Millis when) {
    auto& due = works_[work].due;
    if (due != kNever && due <= when) {
        return;
    }
    due = when;
    world_.timeline.at(when, [this, work] { try_run(work); });
}

void OperatorProcess::try_run(std::size_t index) {
    const auto& work = works_[index];
    if (!caller_.is_alive || work.is_running || work.due == kNever ||
        work.due > world_.timeline.now()) {
        return;
    }
    works_[index].due = kNever;
    works_[index].is_running = true;
    run(index);
    works_[index].is_running = false;
    if (const auto due = works_[index].due; due != kNever && caller_.is_alive) {
        world_.timeline.at(due, [this, index] { try_run(index); });
    }
}

void OperatorProcess::run(std::size_t index) {
    ++runs_;
    const auto key = works_[index].key;
    try {
        const auto why = WakeReason::Requeued;  // of a log line only
        const auto done = works_[index].is_server ? servers_(key.name, why, call())
                                                  : databases_(key, why, call());
        queue_again(index, done.next);
    } catch (const Crash&) {
        caller_.is_alive = false;
    } catch (const Error& error) {
        world_.history.note(caller_.name, [&] { return std::string("run ends: ") + error.what(); });
        queue_again(index, RetryWithBackoff{});
    } catch (const std::exception& error) {
        world_.rules.violated(std::string("a run ends by a defect: ") + error.what());
    }
}

void OperatorProcess::queue_again(std::size_t work, const Requeue& next) {
    if (const auto* failed = std::get_if<RetryWithBackoff>(&next)) {
        const auto pause = backoff_.next(work);
        wake(work, world_.timeline.now() + pause.count());
        if (failed->at_most && *failed->at_most < pause) {
            queue_after(work, failed->at_most->count());
        }
        return;
    }
    backoff_.reset(work);
    if (const auto* retry = std::get_if<RetryAfter>(&next)) {
        queue_after(work, retry->span.count());
    } else {
        immediate_.reset(work);
    }
}

void OperatorProcess::queue_after(std::size_t work, Millis span) {
    if (span > 0) {
        immediate_.reset(work);
    } else {
        span = kWatchDelay + immediate_.next(work).count();
        if (works_[work].due != kNever) {
            works_[work].due = kNever;
            span = kWatchDelay;
        }
    }
    wake(work, world_.timeline.now() + span);
}

void OperatorProcess::poll() {
    world_.timeline.after(poller_.interval().count(), [this] {
        if (!caller_.is_alive) {
            return;
        }
        try {
            poller_.poll_next(call());
            poll();
        } catch (const Crash&) {
            caller_.is_alive = false;
        }
    });
}

}  // namespace djdb::model
