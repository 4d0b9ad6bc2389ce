#include "crds/schema.hpp"

#include "crds/api.hpp"
#include "crds/kinds/django_database_fields.hpp"
#include "crds/kinds/django_release_fields.hpp"
#include "crds/kinds/postgres_server_fields.hpp"

#include <nlohmann/json.hpp>

#include <tuple>

namespace djdb {
namespace {

using json = nlohmann::ordered_json;

template <class Enum, class Table>
json words(const Table& table, Enum) {
    auto list = json::array();
    for (const auto& word : table) {
        list.push_back(std::string(word));
    }
    return {{"type", "string"}, {"enum", list}};
}

template <Described Struct>
json schema_of(const Struct&, const Constraint&);

json with_text_limits(json schema, const Constraint& constraint) {
    if (constraint.min_length > 0) {
        schema["minLength"] = constraint.min_length;
    }
    if (constraint.max_length > 0) {
        schema["maxLength"] = constraint.max_length;
    }
    if (!constraint.pattern.empty() && constraint.pattern_message.empty()) {
        schema["pattern"] = std::string(constraint.pattern);
    }
    return schema;
}

json schema_of(const std::string&, const Constraint& constraint) {
    return with_text_limits({{"type", "string"}}, constraint);
}
json schema_of(const std::chrono::seconds&, const Constraint& constraint) {
    return with_text_limits({{"type", "string"}}, constraint);
}
json schema_of(const TimePoint&, const Constraint&) {
    return {{"type", "string"}, {"format", "date-time"}};
}
json schema_of(const std::optional<TimePoint>&, const Constraint& constraint) {
    return schema_of(TimePoint{}, constraint);
}
json schema_of(const std::int64_t&, const Constraint& constraint) {
    json schema{{"type", "integer"}, {"format", "int64"}};
    if (constraint.maximum > 0) {
        schema["minimum"] = constraint.minimum;
        schema["maximum"] = constraint.maximum;
    }
    return schema;
}
json schema_of(const ConditionType& value, const Constraint&) {
    std::vector<std::string_view> all;
    for (const auto type : condition_types()) {
        all.push_back(to_string(type));
    }
    return words(all, value);
}
json schema_of(const ConditionStatus& value, const Constraint&) {
    return words(std::vector<std::string_view>{"True", "False", "Unknown"}, value);
}
json schema_of(const Reason& value, const Constraint&) {
    std::vector<std::string_view> all;
    for (const auto& row : reason_table()) {
        all.push_back(row.wire);
    }
    return words(all, value);
}
json schema_of(const bool&, const Constraint&) {
    return {{"type", "boolean"}};
}
template <Worded Enum>
json schema_of(const Enum& value, const Constraint&) {
    std::vector<std::string_view> all;
    all.reserve(std::size(Words<Enum>::kWords));
    for (const auto& [word, name] : Words<Enum>::kWords) {
        all.push_back(name);
    }
    return words(all, value);
}
json schema_of(const std::map<std::string, std::string>&, const Constraint& constraint) {
    return {
        {"type", "object"},
        {"maxProperties", constraint.max_items},
        {"additionalProperties", with_text_limits({{"type", "string"}}, constraint)}};
}

template <class T>
json schema_of(const std::vector<T>&, const Constraint& constraint) {
    json schema{{"type", "array"}, {"maxItems", constraint.max_items}};
    if constexpr (std::is_same_v<T, std::string>) {
        schema["items"] = with_text_limits({{"type", "string"}}, constraint);
        schema["x-kubernetes-list-type"] = constraint.unique ? "set" : "atomic";
    } else {
        schema["items"] = schema_of(T{}, {});
        schema["x-kubernetes-list-type"] = "map";
        schema["x-kubernetes-list-map-keys"] = {std::string(Describe<T>::kListKey)};
    }
    return schema;
}

json rules_of(const Constraint& constraint) {
    auto rules = json::array();
    if (!constraint.pattern_message.empty()) {
        // r'': CEL would read a pattern's backslashes as its own.
        rules.push_back(
            {{"rule", "self.matches(r'" + std::string(constraint.pattern) + "')"},
             {"message", std::string(constraint.pattern_message)}}
        );
    }
    for (const auto& rule : constraint.rules) {
        if (!rule.expression.empty()) {
            rules.push_back(
                {{"rule", std::string(rule.expression)}, {"message", std::string(rule.message)}}
            );
        }
    }
    return rules;
}

template <class F, class Member>
json schema_of_field(const F& field, const Member& member) {
    json schema{{"description", std::string(field.doc)}};
    schema.update(schema_of(member, field.constraint));
    schema["description"] = std::string(field.doc);
    if (!field.constraint.default_json.empty()) {
        schema["default"] = json::parse(field.constraint.default_json);
    }
    if (const auto rules = rules_of(field.constraint); !rules.empty()) {
        schema["x-kubernetes-validations"] = rules;
    }
    return schema;
}

template <Described Struct>
json schema_of(const Struct& value, const Constraint&) {
    json schema{{"description", std::string(Describe<Struct>::kDoc)}, {"type", "object"}};
    auto required = json::array();
    auto properties = json::object();
    const auto add = [&](const auto& field) {
        properties[std::string(field.wire)] = schema_of_field(field, value.*field.member);
        if (field.presence == Presence::Required) {
            required.push_back(std::string(field.wire));
        }
    };
    std::apply([&](const auto&... fields) { (add(fields), ...); }, Describe<Struct>::kFields);
    if (!required.empty()) {
        schema["required"] = required;
    }
    schema["properties"] = properties;
    return schema;
}

struct Column {
    const char* name;
    const char* type;
    const char* path;
    int priority;
};

/// A CEL rule over the whole object.
struct RootRule {
    const char* expression;
    const char* message;
    /// Where `kubectl apply` points to; empty: nowhere, since a schema can't point into metadata.
    const char* path;
};

struct Kind {
    const char* kind;
    const char* plural;
    const char* singular;
    const char* scope;
    const char* short_name;
    const char* doc;
    std::vector<Column> columns;
    std::vector<RootRule> rules;
};

json columns_of(const Kind& kind) {
    auto list = json::array();
    for (const auto& column : kind.columns) {
        json row{{"name", column.name}, {"type", column.type}, {"jsonPath", column.path}};
        if (column.priority > 0) {
            row["priority"] = column.priority;
        }
        list.push_back(row);
    }
    return list;
}

json root_rules_of(const Kind& kind) {
    auto list = json::array();
    for (const auto& rule : kind.rules) {
        json row{{"rule", rule.expression}, {"message", rule.message}};
        if (*rule.path != '\0') {
            row["fieldPath"] = rule.path;
        }
        list.push_back(row);
    }
    return list;
}

template <class Resource>
CustomResource define(const Kind& kind) {
    const Resource resource;
    auto status = schema_of(resource.status, {});
    // -1 until the operator has looked: kstatus and Argo CD would call an empty status healthy.
    status["default"] = {{"observedGeneration", -1}};
    json root{
        {"description", kind.doc},
        {"type", "object"},
        {"required", {"spec"}},
        {"properties",
         {{"apiVersion", {{"type", "string"}}},
          {"kind", {{"type", "string"}}},
          {"metadata", {{"type", "object"}}},
          {"spec", schema_of(resource.spec, {})},
          {"status", status}}}};
    if (const auto rules = root_rules_of(kind); !rules.empty()) {
        root["x-kubernetes-validations"] = rules;
    }
    const std::string plural = kind.plural;
    const json definition{
        {"apiVersion", "apiextensions.k8s.io/v1"},
        {"kind", "CustomResourceDefinition"},
        {"metadata", {{"name", plural + "." + std::string(api::kGroup)}}},
        {"spec",
         {{"group", std::string(api::kGroup)},
          {"names",
           {{"kind", kind.kind},
            {"listKind", std::string(kind.kind) + "List"},
            {"plural", plural},
            {"singular", kind.singular},
            {"shortNames", {kind.short_name}},
            {"categories", {"django"}}}},
          {"scope", kind.scope},
          {"versions",
           {{{"name", std::string(api::kVersion)},
             {"served", true},
             {"storage", true},
             {"subresources", {{"status", json::object()}}},
             {"additionalPrinterColumns", columns_of(kind)},
             {"schema", {{"openAPIV3Schema", root}}}}}}}}};
    return {plural, definition};
}

constexpr auto kReady = ".status.conditions[?(@.type==\"Ready\")].status";
constexpr auto kMessage = ".status.conditions[?(@.type==\"Ready\")].message";
constexpr auto kAge = ".metadata.creationTimestamp";

CustomResource django_database() {
    return define<DjangoDatabase>(
        {"DjangoDatabase",
         "djangodatabases",
         "djangodatabase",
         "Namespaced",
         "djdb",
         "A Django app's database on a PostgresServer, the Secret that connects the app to it, "
         "and the releases of "
         "the Deployments that carry the label djangodb.io/database.",
         {{"Ready", "string", kReady, 0},
          {"Phase", "string", ".status.phase", 0},
          {"Image", "string", ".status.release.current", 0},
          {"Age", "date", kAge, 0},
          {"Database", "string", ".spec.database.name", 1},
          {"Server", "string", ".spec.serverRef.name", 1},
          {"Secret", "string", ".status.secretName", 1},
          {"Target", "string", ".status.release.target", 1},
          {"Message", "string", kMessage, 1}},
         {{"!has(self.spec.cutover) || !has(self.spec.cutover.startEmpty) || "
           "self.spec.cutover.startEmpty == self.spec.database.name",
           "must be spec.database.name, so that it is said of this database and of no other",
           ".spec.cutover.startEmpty"},
          {"self.metadata.name.size() <= 52",
           "metadata.name may have at most 52 characters: the names of migration Jobs are "
           "derived from it",
           ""},
          {"!has(self.spec.credentials.secretName) || self.spec.credentials.secretName != "
           "self.metadata.name + "
           "'-migrate'",
           "must not be metadata.name followed by -migrate: the migration Job's Secret has "
           "that "
           "name",
           ".spec.credentials.secretName"},
          {"!has(self.spec.access) || !has(self.spec.access.readers) || "
           "self.spec.access.readers.all(r, self.spec.database.name.size() + r.name.size() <= "
           "59)",
           "a reader's name and spec.database.name may have at most 59 characters together: "
           "the "
           "login's name is derived from both",
           ".spec.access.readers"}}}
    );
}

CustomResource postgres_server() {
    return define<PostgresServer>(
        {"PostgresServer",
         "postgresservers",
         "postgresserver",
         "Cluster",
         "pgserver",
         "A PostgreSQL server, how to reach it, and which namespaces may use it.",
         {{"Ready", "string", kReady, 0},
          {"Host", "string", ".spec.host", 0},
          {"Version", "string", ".status.version", 0},
          {"Age", "date", kAge, 0},
          {"Connection", "string", ".status.connection", 1},
          {"Claims", "integer", ".status.claims", 1},
          {"Message", "string", kMessage, 1}},
         {{"self.spec.host.startsWith('/') != has(self.spec.tls)",
           "is required, so that the server is verified; with a socket's directory it must be "
           "absent",
           ".spec.tls"},
          {"!has(self.spec.passwordMode) || self.spec.passwordMode != 'Plaintext' || "
           "(has(self.spec.tls) && has(self.spec.tls.mode) && self.spec.tls.mode != 'Require')",
           "Plaintext needs a verified server: spec.tls.mode VerifyFull or VerifyCA",
           ".spec.passwordMode"}}}
    );
}

CustomResource django_release() {
    return define<DjangoRelease>(
        {"DjangoRelease",
         "djangoreleases",
         "djangorelease",
         "Namespaced",
         "djrel",
         "The record of one release on one database: what was done when, what the Jobs said and "
         "how it "
         "ended. The operator makes it.",
         {{"Database", "string", ".spec.databaseRef.name", 0},
          {"Outcome", "string", ".status.outcome", 0},
          {"Image", "string", ".spec.image", 0},
          {"Age", "date", kAge, 0},
          {"Completed", "date", ".status.completionTime", 1},
          {"Message", "string", kMessage, 1}},
         {}}
    );
}

}  // namespace

std::vector<CustomResource> custom_resources() {
    return {django_database(), postgres_server(), django_release()};
}

}  // namespace djdb
