// A Pod template as decisions need it: its text and how its containers are started, read once when it is listed.
#pragma once

#include "crds/names.hpp"
#include "reconcilers/ports/published.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <vector>

namespace djdb {

/// What decides what a container does: its image, command, args, working directory, env, envFrom and mounts, and the
/// volumes that it mounts. Resources and probes do not, nor do other containers.
struct StartedContainer {
    std::string name;
    ImageRef image;
    /// Two that are started alike have the same; their names may differ.
    std::string hash;
    /// The same without command and args: a web server and a worker of one app mostly have the same.
    std::string environment;
    /// What it names beside that, in order.
    std::vector<Published> configs;
    /// Its imagePullPolicy is Always.
    bool is_always_pulled = false;
    /// It has ports, and no readinessProbe.
    bool serves_unasked = false;
};

class PodTemplate {
  public:
    PodTemplate() = default;
    explicit PodTemplate(const nlohmann::json&);

    /// Compact JSON with sorted keys: hashed, cloned, compared.
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const std::map<std::string, std::string>& labels() const { return labels_; }
    /// Null: there is no container of that name.
    [[nodiscard]] const StartedContainer* find(const std::string& container) const;
    /// The same of an init container.
    [[nodiscard]] const StartedContainer* find_init(const std::string& container) const;
    /// The one that the annotation kubectl.kubernetes.io/default-container names, else the first; empty: there is none.
    [[nodiscard]] const std::string& default_container() const { return default_container_; }

  private:
    std::string text_;
    std::map<std::string, std::string> labels_;
    std::vector<StartedContainer> containers_;
    std::vector<StartedContainer> init_containers_;
    std::string default_container_;
};

}  // namespace djdb
