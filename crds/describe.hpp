// Field tables: one constexpr row for each field of the API. Decoder, encoder and OpenAPI schema all walk them,
// so the three can't disagree, and a field without a row does not build.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>

namespace djdb {

enum class Presence { Required, Optional };

/// What the API server checks; zero and empty mean "no limit of ours".
struct Constraint {
    std::size_t min_length = 0;
    std::size_t max_length = 0;
    std::string_view pattern;
    std::size_t max_items = 0;
    long minimum = 0;
    long maximum = 0;
    /// The schema's default, as JSON text.
    std::string_view default_json;
    /// CEL over `self` and its message; a second pair for immutability and the like.
    std::string_view rule;
    std::string_view rule_message;
    std::string_view second_rule;
    std::string_view second_rule_message;
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
    std::string_view wire, Member Struct::*member, Presence presence, std::string_view doc, Constraint constraint = {}
) {
    return {wire, member, presence, doc, constraint};
}

/// Specialised for every struct of the API with kFields (a tuple of Field) and kDoc.
template <class Struct>
struct Describe;

template <class Struct>
concept Described = requires { Describe<Struct>::kFields; };

namespace detail {
struct Anything {
    template <class T>
    constexpr operator T() const noexcept;  // NOLINT(google-explicit-constructor): it stands for any member
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

template <class Struct>
consteval bool describes_every_member() {
    return std::tuple_size_v<decltype(Describe<Struct>::kFields)> == detail::count_members<Struct>();
}

}  // namespace djdb
