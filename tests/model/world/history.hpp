// What happened, for people: time, who, what. Kept only when a seed is replayed, so that a million
// good histories cost no text.
#pragma once

#include "tests/model/world/timeline.hpp"

#include <string>
#include <utility>
#include <vector>

namespace djdb::model {

class History {
  public:
    History(const Timeline& timeline, bool is_kept) : timeline_(timeline), is_kept_(is_kept) {}

    /// @param words a function that makes the line
    template <class Words>
    void note(const std::string& who, Words&& words) {
        if (is_kept_) {
            lines_.push_back(
                stamp() + "  " + who + std::string(who.size() < 12 ? 12 - who.size() : 0, ' ') +
                "  " + words()
            );
        }
    }
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  private:
    [[nodiscard]] std::string stamp() const {
        auto text = std::to_string(timeline_.now());
        text = std::string(text.size() < 4 ? 4 - text.size() : 0, '0') + text;
        text.insert(text.size() - 3, ".");
        return std::string(text.size() < 10 ? 10 - text.size() : 0, ' ') + text;
    }

    const Timeline& timeline_;
    bool is_kept_;
    std::vector<std::string> lines_;
};

}  // namespace djdb::model
