// The operator's flags, spelt as kubebuilder spells them; each also as DJDB_<NAME>.
#pragma once

#include <cstdint>
#include <string>

namespace djdb {

struct Options {
    std::string kubeconfig;
    std::string health_address = ":8081";
    std::string log_level = "info";
    /// Where the operator runs and where its Secrets are.
    std::string ns = "djangodb-system";
    std::string service_account = "djangodb-operator";
    std::string transport = "cpprest";
    std::size_t concurrency = 4;
};

}  // namespace djdb
