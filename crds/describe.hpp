// Field tables: one constexpr row for each field of the API. Decoder, encoder and OpenAPI schema
// all walk them, so the three can't disagree, and a field without a row does not build.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

namespace djdb {

enum class Presence { Required, Optional };

/// CEL over `self`, and what `kubectl apply` says when it is false: names the field and what to
/// write instead.
struct Rule {
    std::string_view expression;
    std::string_view message;
};

/// What the API server checks; zero and empty mean "no limit of ours". Text limits of lists and
/// maps are their items'.
struct Constraint {
    std::size_t min_length = 0;
    std::size_t max_length = 0;
    /// For the whole text. With a message it becomes a CEL rule, because OpenAPI would answer with
    /// the pattern alone.
    std::string_view pattern;
    std::string_view pattern_message;
    std::size_t max_items = 0;
    /// Of a list: a set, so that two writers can add to it without undoing each other.
    bool unique = false;
    long minimum = 0;
    long maximum = 0;
    /// The schema's default, as JSON text.
    std::string_view default_json;
    std::array<Rule, 2> rules;
};

template <class Struct, class Member>
struct Field {
    std::string_view wire;
    Member Struct::*member;
    Presence presence;
    std::string_view doc;
    Constraint constraint;
};

template <class Struct, class Member>
constexpr Field<Struct, Member> field(
    std::string_view wire,
    Member Struct::*member,
    Presence presence,
    std::string_view doc,
    Constraint constraint = {}
) {
    return {wire, member, presence, doc, constraint};
}

/// Specialised for every struct of the API with kFields (a tuple of Field) and kDoc; one that
/// stands in lists also has kListKey, the wire name of the field that tells its items apart. With kOmitsEmpty, texts and
/// structs that are empty and numbers that are 0 are not written: for what has few of its fields.
template <class Struct>
struct Describe;

template <class Struct>
concept Described = requires { Describe<Struct>::kFields; };

/// The words of an enum, in the order in which they are offered: kWords, an array of pairs.
template <class Enum>
struct Words;

template <class Enum>
concept Worded = requires { Words<Enum>::kWords; };

namespace detail {
struct Anything {
    template <class T>
    constexpr operator T() const noexcept {  // NOLINT(misc-explicit-constructor): of any member
        return T{};
    }
};
template <class Struct, class... Members>
consteval std::size_t count_members() {
    if constexpr (requires { Struct{Members{}..., Anything{}}; }) {
        return count_members<Struct, Members..., Anything>();
    } else {
        return sizeof...(Members);
    }
}
}  // namespace detail

template <class... Structs>
consteval bool describes_every_member() {
    return (
        (std::tuple_size_v<decltype(Describe<Structs>::kFields)> == detail::count_members<Structs>()
        ) &&
        ...
    );
}

// Patterns that several fields share.
/// A Kubernetes object's name: a DNS subdomain.
inline constexpr std::string_view kObjectNamePattern =
    R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)";
inline constexpr std::string_view kObjectNameMessage =
    "must be the name of a Kubernetes object: a-z, 0-9, - and ., with a letter or digit at both "
    "ends";
/// A name within a Kubernetes object, such as a container's: a DNS label.
inline constexpr std::string_view kLabelNamePattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// Names that PostgreSQL takes without quotes.
inline constexpr std::string_view kSqlNamePattern = "^[a-z_][a-z0-9_]*$";

}  // namespace djdb
