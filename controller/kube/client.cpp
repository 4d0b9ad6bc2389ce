#include "controller/kube/client.hpp"

#include "controller/kube/http_failure.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <utility>

namespace djdb::kube {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kCallLimit{15};
constexpr std::chrono::seconds kPageLimit{30};
constexpr int kPageSize = 500;

std::string escape(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    std::string escaped;
    for (const char c : text) {
        if (kPlain.find(c) != std::string_view::npos) {
            escaped += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            escaped += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
        }
    }
    return escaped;
}

std::string collection_path(const Resource& resource, const std::string& space) {
    std::string path = resource.group.empty() ? "/api/" : "/apis/" + resource.group + "/";
    path += resource.version;
    if (resource.namespaced && !space.empty()) {
        path += "/namespaces/" + escape(space);
    }
    return path + "/" + resource.plural;
}

std::string object_path(
    const Resource& resource, const ObjectKey& key, const std::string& subresource = {}
) {
    auto path = collection_path(resource, key.space.str()) + "/" + escape(key.name.str());
    return subresource.empty() ? path : path + "/" + subresource;
}

std::string selection_query(const Selection& selection) {
    std::string query;
    if (!selection.label_selector.empty()) {
        query += "&labelSelector=" + escape(selection.label_selector);
    }
    if (!selection.field_selector.empty()) {
        query += "&fieldSelector=" + escape(selection.field_selector);
    }
    return query;
}

ObjectKey key_of(const json& object) {
    const auto& metadata = object.at("metadata");
    return {
        Namespace(metadata.value("namespace", std::string{})),
        ObjectName(metadata.at("name").get<std::string>())};
}

json parse(const HttpResponse& answer, const std::string& what) {
    auto body = json::parse(answer.body, nullptr, false);
    if (body.is_discarded()) {
        throw Error(
            {.kind = FailureClass::Transient,
             .origin = FailureOrigin::Kubernetes,
             .code = "Read",
             .message = what + ": the answer is not JSON"}
        );
    }
    return body;
}

json expect_object(const HttpResponse& answer, const std::string& what) {
    if (answer.status < 200 || answer.status > 299) {
        throw status_error(answer, what);
    }
    return parse(answer, what);
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
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait_for(lock, call.stop, std::chrono::seconds{seconds}, [] { return false; });
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
    request.headers.emplace_back("Accept", "application/json");
}

HttpResponse Client::send(
    HttpRequest request, const CallContext& call, std::chrono::seconds limit
) {
    sign(request, call);
    CallContext bounded = call;
    bounded.deadline = call.deadline.or_earlier(limit);
    auto answer = transport_->send(request, bounded);
    if (request.method == "GET" && wait_out(answer, call)) {
        bounded.deadline = call.deadline.or_earlier(limit);
        answer = transport_->send(request, bounded);
    }
    return answer;
}

std::optional<json> Client::read(
    const Resource& resource, const ObjectKey& key, const CallContext& call
) {
    const auto target = object_path(resource, key);
    const auto answer =
        send({.method = "GET", .target = target, .headers = {}, .body = {}}, call, kCallLimit);
    if (answer.status == 404) {
        return std::nullopt;
    }
    return expect_object(answer, "GET " + target);
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
    const auto path = collection_path(resource, selection.space);
    const auto base = path + "?limit=" + std::to_string(kPageSize) + selection_query(selection);
    ObjectList result;
    std::string next;
    do {
        const auto target = next.empty() ? base : base + "&continue=" + escape(next);
        auto page = expect_object(
            send({.method = "GET", .target = target, .headers = {}, .body = {}}, call, kPageLimit),
            "GET " + path
        );
        for (auto& item : page["items"]) {
            item["apiVersion"] = api_version(resource);
            item["kind"] = resource.kind;
            result.items.push_back(std::move(item));
        }
        const auto& metadata = page.at("metadata");
        result.resource_version = metadata.value("resourceVersion", std::string{});
        next = metadata.value("continue", std::string{});
    } while (!next.empty());
    return result;
}

json Client::create(
    const Resource& resource,
    const json& object,
    const PatchOptions& options,
    const CallContext& call
) {
    const auto target = collection_path(resource, key_of(object).space.str());
    return expect_object(
        send(
            {.method = "POST",
             .target = target + "?fieldManager=" + escape(options.field_manager),
             .headers = {{"Content-Type", "application/json"}},
             .body = object.dump()},
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
    const auto target = object_path(resource, key_of(object), options.subresource);
    return expect_object(
        send(
            {.method = "PATCH",
             .target = target + "?fieldManager=" + escape(options.field_manager) +
                       "&force=" + (options.force ? "true" : "false"),
             .headers = {{"Content-Type", "application/apply-patch+yaml"}},
             .body = object.dump()},
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
             .target = target + "?fieldManager=" + escape(options.field_manager),
             .headers = {{"Content-Type", "application/merge-patch+json"}},
             .body = patch.dump()},
            call,
            kCallLimit
        ),
        "PATCH " + target
    );
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
    if (answer.status == 404) {
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
        .target = collection_path(resource, selection.space) +
                  "?watch=true&allowWatchBookmarks=true&resourceVersion=" +
                  escape(options.resource_version) + "&timeoutSeconds=" +
                  std::to_string(options.server_timeout.count()) + selection_query(selection),
        .headers = {},
        .body = {}};
    sign(request, call);
    CallContext bounded = call;
    bounded.deadline = call.deadline.or_earlier(kCallLimit);
    return watches_->open_watch(request, bounded);
}

}  // namespace djdb::kube
