// Kubernetes' verbs over a Transport. Holds no state but its parts; any thread may call; calls
// block, at most 15 s (a list page 30 s) or until the call's deadline.
//
// Every refusal is an Error whose code is the status and its reason ("409 AlreadyExists") and whose
// message is the server's own: 409 Conflict; 401, 403 Forbidden; 400, 413, 415, 422 Invalid; 429,
// 5xx Transient; others Terminal. A 429 is first waited out, once, as Retry-After says and the
// deadline allows.
#pragma once

#include "controller/kube/client/server_clock.hpp"
#include "controller/kube/transport/transport.hpp"
#include "crds/kinds/django_database.hpp"
#include "crds/names.hpp"
#include "reconcilers/ports/failure.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace djdb::kube {

struct Resource {
    /// Empty for the core group.
    std::string group;
    std::string version;
    std::string plural;
    std::string kind;
    bool namespaced = true;
};

/// What a list or watch covers; empty means all.
struct Selection {
    std::string ns;
    std::string label_selector;
    std::string field_selector;
};

struct ObjectList {
    /// With apiVersion and kind filled in, which the server leaves out of lists.
    std::vector<nlohmann::json> items;
    std::string resource_version;
};

struct WatchOptions {
    std::string resource_version;
    /// After this the server ends the stream.
    std::chrono::seconds server_timeout{300};
};

struct ApplyOptions {
    std::string field_manager = "djangodb-operator";
    /// Takes over fields of other managers.
    bool force = true;
    /// Empty, "status" or "scale".
    std::string subresource;
};

struct PatchOptions {
    std::string field_manager = "djangodb-operator";
    std::string subresource;
};

struct StatusOptions {
    std::string field_manager;
    /// Refused when the object is not of the version that ObjectMeta has.
    bool needs_version = false;
};

struct RemoveOptions {
    /// Empty: any. Otherwise 409 when the object is another one by now.
    std::string uid;
    std::string resource_version;
    /// Background, Foreground or Orphan.
    std::string propagation = "Background";
};

class Client {
  public:
    /// @param user_agent for the server's audit log; the reconcile id of each call is put behind it
    Client(
        std::unique_ptr<Transport> transport,
        std::unique_ptr<WatchTransport> watches,
        std::string user_agent
    );
    ~Client();

    /// nullopt: the server says that there is no such object.
    std::optional<nlohmann::json> read(const Resource&, const ObjectKey&, const CallContext&);
    /// As read, by a list of one: for whom may list them and not get one.
    std::optional<nlohmann::json> find(const Resource&, const ObjectKey&, const CallContext&);
    /// As read, but its metadata alone: of a Secret, no content travels.
    std::optional<nlohmann::json>
    read_metadata(const Resource&, const ObjectKey&, const CallContext&);
    /// Consistent, in pages of 500.
    ObjectList list(const Resource&, const Selection&, const CallContext&);
    /// The object names itself in metadata. AlreadyExists is Conflict "409 AlreadyExists": read
    /// back and judge.
    nlohmann::json
    create(const Resource&, const nlohmann::json& object, const PatchOptions&, const CallContext&);
    /// Server-side apply. With metadata.resourceVersion it is refused (409) when the object has
    /// changed since.
    nlohmann::json
    apply(const Resource&, const nlohmann::json& object, const ApplyOptions&, const CallContext&);
    /// A JSON merge patch; with metadata.resourceVersion as for apply. 404 throws Terminal "404
    /// NotFound".
    nlohmann::json
    merge_patch(const Resource&, const ObjectKey&, const nlohmann::json& patch, const PatchOptions&, const CallContext&);
    /// Replaces each field of the status that `status` has, of this very object: what was found of
    /// one that is gone must not be said of its successor of the same name. A merge patch can't
    /// promise that, since metadata is ignored in it for the subresource.
    /// @throws Error Conflict when it is another object by now, or one that has changed since
    /// @return the object as it is now
    nlohmann::json
    write_status(const Resource&, const ObjectMeta&, const nlohmann::json& status, const StatusOptions&, const CallContext&);
    /// @return false when it was not there
    bool remove(const Resource&, const ObjectKey&, const RemoveOptions&, const CallContext&);
    /// Any GET that answers JSON, such as "/version". @throws Error also for 404
    nlohmann::json fetch(const std::string& target, const CallContext&);
    /// Any GET that answers text, such as a log. @throws Error also for 404
    std::string
    fetch_text(const std::string& target, std::chrono::seconds limit, const CallContext&);

    /// A status other than 200 comes back as such, since the watch machine judges it.
    WatchAnswer watch(const Resource&, const Selection&, const WatchOptions&, const CallContext&);

    /// As the answers so far tell the time.
    [[nodiscard]] const Clock& clock() const { return clock_; }

  private:
    HttpResponse send(HttpRequest request, const CallContext& call, std::chrono::seconds limit);
    void sign(HttpRequest& request, const CallContext& call) const;

    std::unique_ptr<Transport> transport_;
    std::unique_ptr<WatchTransport> watches_;
    std::string user_agent_;
    ServerClock clock_;
};

}  // namespace djdb::kube
