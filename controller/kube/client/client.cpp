#include "controller/kube/client/client.hpp"

#include "controller/kube/client/http_failure.hpp"
#include "controller/kube/client/wire_json.hpp"
#include "controller/runtime/stoppable_wait.hpp"
#include "crds/codec.hpp"
#include "crds/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace djdb::kube {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kCallLimit{15};
constexpr std::chrono::seconds kPageLimit{30};
constexpr int kPageSize = 500;
constexpr int kUnprocessable = 422;
constexpr auto kMetadataAlone = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

using Header = std::pair<std::string, std::string>;

std::string collection_path(const Resource& resource, const std::string& ns) {
    std::string path = resource.group.empty() ? "/api/" : "/apis/" + resource.group + "/";
    path += resource.version;
    if (resource.namespaced && !ns.empty()) {
        path += "/namespaces/" + percent_encode(ns);
    }
    return path + "/" + resource.plural;
}

std::string object_path(
    const Resource& resource, const ObjectKey& key, const std::string& subresource = {}
) {
    const auto path =
        collection_path(resource, key.ns.str()) + "/" + percent_encode(key.name.str());
    return subresource.empty() ? path : path + "/" + subresource;
}

std::string selection_query(const Selection& selection) {
    std::string query;
    if (!selection.label_selector.empty()) {
        query += "&labelSelector=" + percent_encode(selection.label_selector);
    }
    if (!selection.field_selector.empty()) {
        query += "&fieldSelector=" + percent_encode(selection.field_selector);
    }
    return query;
}

Error unreadable(const std::string& what, const std::string& why) {
    return Error(
        {.kind = FailureClass::Transient,
         .origin = FailureOrigin::Kubernetes,
         .code = "Read",
         .message = what + ": " + why}
    );
}

Error overtaken(const char* code, const std::string& what) {
    return Error(
        {FailureClass::Conflict, FailureOrigin::Kubernetes, code, what + "; nothing was written"}
    );
}

json expect_object(const HttpResponse& answer, const std::string& what) {
    if (answer.status < 200 || answer.status > 299) {
        throw status_error(answer, what);
    }
    auto body = parse_wire_json(answer.body);
    if (!body.is_object()) {
        throw unreadable(what, "the answer is not a JSON object");
    }
    return body;
}

/// A list and nothing else: what merely lacks items must not read as "all are gone", and an item
/// that can't be told apart spoils the whole.
json expect_page(const HttpResponse& answer, const std::string& what) {
    auto page = expect_object(answer, what);
    const bool is_list = text_at(page, {"kind"}).ends_with("List") &&
                         !text_at(page, {"metadata", "resourceVersion"}).empty() &&
                         page.contains("items") &&
                         (page["items"].is_array() || page["items"].is_null());
    if (!is_list || !std::ranges::all_of(page["items"], settle_metadata)) {
        throw unreadable(what, "the answer is not a list of objects; what is known stays");
    }
    return page;
}

/// A body for the API server. What is not UTF-8, as in another program's message, is replaced: a
/// status that can't be written would tell the user nothing.
std::string text_of(const json& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string api_version(const Resource& resource) {
    return resource.group.empty() ? resource.version : resource.group + "/" + resource.version;
}

/// Waits as the server asks, if that leaves time for the call. @return whether to ask again
bool wait_out(const HttpResponse& answer, const CallContext& call) {
    const auto header = answer.headers.find("retry-after");
    int seconds = 0;
    if (answer.status != 429 || header == answer.headers.end()) {
        return false;
    }
    const auto& text = header->second;
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc{} ||
        seconds < 0 || std::chrono::seconds{seconds} >= call.deadline.left()) {
        return false;
    }
    runtime::wait_for(std::chrono::seconds{seconds}, call.stop);
    return !call.stop.stop_requested();
}

}  // namespace

Client::Client(
    std::unique_ptr<Transport> transport,
    std::unique_ptr<WatchTransport> watches,
    std::string user_agent
)
    : transport_(std::move(transport)),
      watches_(std::move(watches)),
      user_agent_(std::move(user_agent)) {}

Client::~Client() = default;

void Client::sign(HttpRequest& request, const CallContext& call) const {
    auto agent = user_agent_;
    if (!call.reconcile_id.empty()) {
        agent += " (" + call.reconcile_id + ")";
    }
    request.headers.emplace_back("User-Agent", std::move(agent));
    if (std::ranges::find(request.headers, "Accept", &Header::first) == request.headers.end()) {
        request.headers.emplace_back("Accept", "application/json");
    }
}

HttpResponse Client::send(
    HttpRequest request, const CallContext& call, std::chrono::seconds limit
) {
    sign(request, call);
    CallContext bounded = call;
    bounded.deadline = call.deadline.or_earlier(limit);
    auto answer = transport_->send(request, bounded);
    // A request that was turned away was not looked at: this holds for every method.
    if (wait_out(answer, call)) {
        bounded.deadline = call.deadline.or_earlier(limit);
        answer = transport_->send(request, bounded);
    }
    clock_.note(answer);
    return answer;
}

std::optional<json> Client::read(
    const Resource& resource, const ObjectKey& key, const CallContext& call
) {
    const auto target = object_path(resource, key);
    const auto answer =
        send({.method = "GET", .target = target, .headers = {}, .body = {}}, call, kCallLimit);
    if (says_absent(answer, key.name.str())) {
        return std::nullopt;
    }
    return expect_object(answer, "GET " + target);
}

std::optional<json> Client::read_metadata(
    const Resource& resource, const ObjectKey& key, const CallContext& call
) {
    const auto target = object_path(resource, key);
    const auto answer = send(
        {.method = "GET", .target = target, .headers = {{"Accept", kMetadataAlone}}, .body = {}},
        call,
        kCallLimit
    );
    if (says_absent(answer, key.name.str())) {
        return std::nullopt;
    }
    auto object = expect_object(answer, "GET " + target);
    if (text_at(object, {"kind"}) != "PartialObjectMetadata") {
        throw unreadable("GET " + target, "the answer is not metadata alone");
    }
    return object;
}

std::string Client::fetch_text(
    const std::string& target, std::chrono::seconds limit, const CallContext& call
) {
    // The API server has no log as JSON, and refuses where that alone is asked for.
    auto answer = send(
        {.method = "GET", .target = target, .headers = {{"Accept", "*/*"}}, .body = {}}, call, limit
    );
    if (answer.status != 200) {
        throw status_error(answer, "GET " + target);
    }
    return std::move(answer.body);
}

json Client::fetch(const std::string& target, const CallContext& call) {
    return expect_object(
        send({.method = "GET", .target = target, .headers = {}, .body = {}}, call, kCallLimit),
        "GET " + target
    );
}

ObjectList Client::list(
    const Resource& resource, const Selection& selection, const CallContext& call
) {
    const auto path = collection_path(resource, selection.ns);
    const auto base = path + "?limit=" + std::to_string(kPageSize) + selection_query(selection);
    ObjectList result;
    std::string next;
    do {
        const auto target = next.empty() ? base : base + "&continue=" + percent_encode(next);
        auto page = expect_page(
            send({.method = "GET", .target = target, .headers = {}, .body = {}}, call, kPageLimit),
            "GET " + path
        );
        for (auto& item : page["items"]) {
            item["apiVersion"] = api_version(resource);
            item["kind"] = resource.kind;
            result.items.push_back(std::move(item));
        }
        result.resource_version = text_at(page, {"metadata", "resourceVersion"});
        next = text_at(page, {"metadata", "continue"});
    } while (!next.empty());
    return result;
}

std::optional<json> Client::find(
    const Resource& resource, const ObjectKey& key, const CallContext& call
) {
    auto items = list(resource, {key.ns.str(), "", "metadata.name=" + key.name.str()}, call).items;
    return items.empty() ? std::nullopt : std::optional(std::move(items.front()));
}

json Client::create(
    const Resource& resource,
    const json& object,
    const PatchOptions& options,
    const CallContext& call
) {
    const auto target = collection_path(resource, decode_meta(object).key.ns.str());
    return expect_object(
        send(
            {.method = "POST",
             .target = target + "?fieldManager=" + percent_encode(options.field_manager),
             .headers = {{"Content-Type", "application/json"}},
             .body = text_of(object)},
            call,
            kCallLimit
        ),
        "POST " + target
    );
}

json Client::apply(
    const Resource& resource,
    const json& object,
    const ApplyOptions& options,
    const CallContext& call
) {
    const auto target = object_path(resource, decode_meta(object).key, options.subresource);
    return expect_object(
        send(
            {.method = "PATCH",
             .target = target + "?fieldManager=" + percent_encode(options.field_manager) +
                       "&force=" + (options.force ? "true" : "false"),
             .headers = {{"Content-Type", "application/apply-patch+yaml"}},
             .body = text_of(object)},
            call,
            kCallLimit
        ),
        "apply " + target
    );
}

json Client::merge_patch(
    const Resource& resource,
    const ObjectKey& key,
    const json& patch,
    const PatchOptions& options,
    const CallContext& call
) {
    const auto target = object_path(resource, key, options.subresource);
    return expect_object(
        send(
            {.method = "PATCH",
             .target = target + "?fieldManager=" + percent_encode(options.field_manager),
             .headers = {{"Content-Type", "application/merge-patch+json"}},
             .body = text_of(patch)},
            call,
            kCallLimit
        ),
        "PATCH " + target
    );
}

json Client::write_status(
    const Resource& resource,
    const ObjectMeta& meta,
    const json& status,
    const StatusOptions& options,
    const CallContext& call
) {
    auto patch = json::array();
    const auto expect = [&](const char* path, const std::string& value) {
        patch.push_back({{"op", "test"}, {"path", path}, {"value", value}});
    };
    expect("/metadata/uid", meta.uid.str());
    if (options.needs_version) {
        expect("/metadata/resourceVersion", meta.resource_version);
    }
    for (const auto& [field, value] : status.items()) {
        // The schema's default makes sure that there is a status to add to.
        patch.push_back({{"op", "add"}, {"path", "/status/" + field}, {"value", value}});
    }
    const auto target = object_path(resource, meta.key, "status");
    const auto answer = send(
        {.method = "PATCH",
         .target = target + "?fieldManager=" + percent_encode(options.field_manager),
         .headers = {{"Content-Type", "application/json-patch+json"}},
         .body = text_of(patch)},
        call,
        kCallLimit
    );
    if (answer.status == kUnprocessable) {
        const auto found = find(resource, meta.key, call);
        const auto current = found ? decode_meta(*found) : ObjectMeta{};
        if (current.uid != meta.uid) {
            throw overtaken("409 Replaced", "PATCH " + target + ": it is another object by now");
        }
        if (options.needs_version && current.resource_version != meta.resource_version) {
            throw overtaken("409 Conflict", "PATCH " + target + ": it has changed meanwhile");
        }
    }
    return expect_object(answer, "PATCH " + target);
}

bool Client::remove(
    const Resource& resource,
    const ObjectKey& key,
    const RemoveOptions& options,
    const CallContext& call
) {
    json body{
        {"apiVersion", "v1"},
        {"kind", "DeleteOptions"},
        {"propagationPolicy", options.propagation}};
    if (!options.uid.empty()) {
        body["preconditions"]["uid"] = options.uid;
    }
    if (!options.resource_version.empty()) {
        body["preconditions"]["resourceVersion"] = options.resource_version;
    }
    const auto target = object_path(resource, key);
    const auto answer = send(
        {.method = "DELETE",
         .target = target,
         .headers = {{"Content-Type", "application/json"}},
         .body = body.dump()},
        call,
        kCallLimit
    );
    if (says_absent(answer, key.name.str())) {
        return false;
    }
    expect_object(answer, "DELETE " + target);
    return true;
}

WatchAnswer Client::watch(
    const Resource& resource,
    const Selection& selection,
    const WatchOptions& options,
    const CallContext& call
) {
    HttpRequest request{
        .method = "GET",
        .target = collection_path(resource, selection.ns) +
                  "?watch=true&allowWatchBookmarks=true&resourceVersion=" +
                  percent_encode(options.resource_version) + "&timeoutSeconds=" +
                  std::to_string(options.server_timeout.count()) + selection_query(selection),
        .headers = {},
        .body = {}};
    sign(request, call);
    CallContext bounded = call;
    bounded.deadline = call.deadline.or_earlier(kCallLimit);
    return watches_->open_watch(request, bounded);
}

}  // namespace djdb::kube
