// A write that the cluster's rules refuse (quota, Pod Security, an admission policy) is asked for once
// in five minutes, however often the resource is visited meanwhile (F18). Pure.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/ports/failure.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace djdb {

struct Desired;
struct Observed;
struct Report;

struct Refusal {
    std::string step;
    /// Of what was asked for: with another spec or Pod template it is another question.
    std::string question;
    Failure failure;
    TimePoint until{};
};

/// The content is refused, not the right to write it: a person has to change one of the two.
bool is_refusal(const Failure& failure);

std::string question_of(const Desired& desired, const Observed& observed);

/// The refusal, while it is too early to ask the same again.
std::optional<Refusal> still_holding(
    const std::optional<Refusal>& last, const std::string& question, TimePoint now
);

/// What a run makes of it: a new refusal, or the one that held.
std::optional<Refusal> refusal_after(
    const std::optional<Refusal>& holding,
    const Report& report,
    const std::string& question,
    TimePoint now
);

}  // namespace djdb
