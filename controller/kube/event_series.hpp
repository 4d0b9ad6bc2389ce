// Events with names of their own making: the same words about the same object become one Event with
// a count, so that kubectl describe shows "x3" and not three lines. Any thread may call.
#pragma once

#include "crds/names.hpp"
#include "reconcilers/ports/event.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <string>

namespace djdb::kube {

class EventSeries {
  public:
    struct Written {
        ObjectKey key;
        /// 1: create the manifest. More, or if it exists already: patch with the series.
        int count = 1;
        nlohmann::json manifest;
        nlohmann::json series;
    };

    /// Counts the event. @param instance who reports
    Written next(const Event& event, const std::string& instance);

  private:
    /// The API server forgets an Event after an hour; so may we.
    static constexpr std::size_t kMostRemembered = 4096;

    std::mutex mutex_;
    std::map<std::string, int> counts_;
};

}  // namespace djdb::kube
