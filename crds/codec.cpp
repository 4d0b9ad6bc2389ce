#include "crds/codec.hpp"

#include "crds/kinds/django_database_fields.hpp"
#include "crds/kinds/django_release_fields.hpp"
#include "crds/kinds/postgres_server_fields.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace djdb {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& path, const std::string& expected) {
    throw DecodeError(path + ": expected " + expected);
}

template <Described Struct>
void decode(const json& value, Struct& out, const std::string& path);
template <class T>
void decode(const json& value, std::vector<T>& out, const std::string& path);

void decode(const json& value, std::string& out, const std::string& path) {
    if (!value.is_string()) {
        refuse(path, "a string");
    }
    out = value.get<std::string>();
}

void decode(const json& value, std::int64_t& out, const std::string& path) {
    if (!value.is_number_integer()) {
        refuse(path, "an integer");
    }
    out = value.get<std::int64_t>();
}

void decode(const json& value, bool& out, const std::string& path) {
    if (!value.is_boolean()) {
        refuse(path, "true or false");
    }
    out = value.get<bool>();
}

void decode(const json& value, std::map<std::string, std::string>& out, const std::string& path) {
    if (!value.is_object()) {
        refuse(path, "an object");
    }
    out.clear();
    for (const auto& [key, item] : value.items()) {
        decode(item, out[key], std::string(path).append(".").append(key));
    }
}

template <class T, class Parse>
void decode_word(
    const json& value, T& out, const std::string& path, const char* expected, Parse parse
) {
    std::string text;
    decode(value, text, path);
    const auto parsed = parse(text);
    if (!parsed) {
        refuse(path, expected);
    }
    out = *parsed;
}

void decode(const json& value, std::chrono::seconds& out, const std::string& path) {
    decode_word(value, out, path, "a duration such as 5s or 1h30m", parse_duration);
}
void decode(const json& value, TimePoint& out, const std::string& path) {
    decode_word(value, out, path, "a time such as 2026-01-31T12:00:00Z", parse_time);
}
void decode(const json& value, std::optional<TimePoint>& out, const std::string& path) {
    decode(value, out.emplace(), path);
}
void decode(const json& value, ConditionType& out, const std::string& path) {
    decode_word(value, out, path, "a condition type", parse_condition_type);
}
void decode(const json& value, ConditionStatus& out, const std::string& path) {
    decode_word(value, out, path, "True, False or Unknown", parse_condition_status);
}
void decode(const json& value, Reason& out, const std::string& path) {
    decode_word(value, out, path, "a reason", parse_reason);
}

template <Worded Enum>
void decode(const json& value, Enum& out, const std::string& path) {
    std::string text;
    decode(value, text, path);
    std::string offered;
    for (const auto& [word, name] : Words<Enum>::kWords) {
        if (name == text) {
            out = word;
            return;
        }
        offered += (offered.empty() ? "" : " or ") + std::string(name);
    }
    refuse(path, offered);
}

template <class T>
void decode(const json& value, std::vector<T>& out, const std::string& path) {
    if (!value.is_array()) {
        refuse(path, "a list");
    }
    out.clear();
    for (std::size_t i = 0; i < value.size(); ++i) {
        decode(value[i], out.emplace_back(), path + "[" + std::to_string(i) + "]");
    }
}

/// A later version may have said what this one has no word for: that condition is left out, so that the
/// rest of what is remembered in the status still counts after a downgrade.
void decode(const json& value, std::vector<Condition>& out, const std::string& path) {
    if (!value.is_array()) {
        refuse(path, "a list");
    }
    out.clear();
    for (const auto& entry : value) {
        try {
            Condition condition;
            decode(entry, condition, path);
            out.push_back(std::move(condition));
        } catch (const DecodeError&) {
            continue;
        }
    }
}

template <Described Struct>
void decode(const json& value, Struct& out, const std::string& path) {
    if (!value.is_object()) {
        refuse(path, "an object");
    }
    const auto decode_field = [&](const auto& field) {
        const auto found = value.find(field.wire);
        const auto field_path = path + "." + std::string(field.wire);
        if (found != value.end() && !found->is_null()) {
            decode(*found, out.*field.member, field_path);
        } else if (field.presence == Presence::Required) {
            refuse(field_path, "a value");
        }
    };
    std::apply(
        [&](const auto&... fields) { (decode_field(fields), ...); }, Describe<Struct>::kFields
    );
}

json encode(const std::string& value) {
    return value;
}
json encode(std::int64_t value) {
    return value;
}
json encode(ConditionType value) {
    return std::string(to_string(value));
}
json encode(ConditionStatus value) {
    return std::string(to_string(value));
}
json encode(Reason value) {
    return std::string(to_string(value));
}
json encode(TimePoint value) {
    return format_time(value);
}
/// Null: there is none, and the field is left out.
json encode(const std::optional<TimePoint>& value) {
    return value ? encode(*value) : json();
}
template <Worded Enum>
json encode(const Enum& value) {
    const auto& words = Words<Enum>::kWords;
    return std::string(
        std::ranges::find(words, value, &std::pair<Enum, std::string_view>::first)->second
    );
}

template <Described Struct>
json encode(const Struct& value);

template <class T>
json encode(const std::vector<T>& values) {
    auto list = json::array();
    for (const auto& value : values) {
        list.push_back(encode(value));
    }
    return list;
}

void add_unless_none(json& object, std::string_view wire, json value) {
    if (!value.is_null()) {
        object[std::string(wire)] = std::move(value);
    }
}

bool says_nothing(const json& value) {
    const auto* text = value.get_ptr<const std::string*>();
    return (text != nullptr && text->empty()) || (value.is_object() && value.empty()) ||
           (value.is_number() && value == 0);
}

template <Described Struct>
json encode(const Struct& value) {
    auto object = json::object();
    std::apply(
        [&](const auto&... fields) {
            (add_unless_none(object, fields.wire, encode(value.*fields.member)), ...);
        },
        Describe<Struct>::kFields
    );
    if constexpr (requires { Describe<Struct>::kOmitsEmpty; }) {
        for (auto field = object.begin(); field != object.end();) {
            field = says_nothing(*field) ? object.erase(field) : std::next(field);
        }
    }
    return object;
}

template <class Status>
Status decode_status(const json& object) {
    Status status;
    if (!object.contains("status")) {
        return status;
    }
    try {
        decode(object.at("status"), status, "status");
    } catch (const DecodeError&) {
        return {};
    }
    return status;
}

template <class Kind>
Kind decode_kind(const json& object) {
    Kind kind;
    kind.meta = decode_meta(object);
    try {
        decode(object.value("spec", json::object()), kind.spec, "spec");
    } catch (const DecodeError& error) {
        kind.spec = {};
        kind.undecodable = error.what();
    }
    kind.status = decode_status<decltype(kind.status)>(object);
    return kind;
}

}  // namespace

ObjectMeta decode_meta(const json& object) {
    const auto meta = object.value("metadata", json::object());
    ObjectMeta out;
    const auto read = [&](const char* name, auto& member) {
        const auto found = meta.find(name);
        if (found != meta.end() && !found->is_null()) {
            decode(*found, member, std::string("metadata.") + name);
        }
    };
    std::string ns;
    std::string name;
    std::string uid;
    read("namespace", ns);
    read("name", name);
    read("uid", uid);
    read("generation", out.generation);
    read("resourceVersion", out.resource_version);
    read("finalizers", out.finalizers);
    read("annotations", out.annotations);
    out.key = {Namespace(ns), ObjectName(name)};
    out.uid = ResourceUid(uid);
    const auto deletion = meta.find("deletionTimestamp");
    out.being_deleted = deletion != meta.end() && !deletion->is_null();
    if (out.being_deleted && deletion->is_string()) {
        out.deleted_at = parse_time(deletion->get<std::string>());
    }
    return out;
}

DjangoDatabase decode_django_database(const json& object) {
    return decode_kind<DjangoDatabase>(object);
}
PostgresServer decode_postgres_server(const json& object) {
    return decode_kind<PostgresServer>(object);
}
DjangoRelease decode_django_release(const json& object) {
    return decode_kind<DjangoRelease>(object);
}

json encode_status(const DjangoDatabaseStatus& status) {
    return encode(status);
}
json encode_status(const PostgresServerStatus& status) {
    return encode(status);
}
json encode_status(const DjangoReleaseStatus& status) {
    return encode(status);
}
json encode_spec(const DjangoReleaseSpec& spec) {
    return encode(spec);
}

}  // namespace djdb
