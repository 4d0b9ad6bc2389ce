// spec.cpp -- nothing is sent anywhere until the spec can be followed.
//   can't be read             -> Blocked(Undecodable), also when the server's object can't be
//   name unusable             -> Blocked(InvalidName)        key template bad      -> Blocked(InvalidKeyTemplate)
//   server unknown            -> Blocked(ServerNotFound)
//   namespace not allowed     -> Blocked(NamespaceNotAllowed)
//   admin Secret missing/bad  -> Blocked(AdminSecretMissing | AdminSecretInvalid)    CA missing -> Blocked(CaSecretMissing)
//   all there                 -> Satisfied
#include "reconcilers/manifests/secret.hpp"
#include "reconcilers/workflow.hpp"

namespace djdb {

std::string explain_undecodable(const Desired& desired) {
    return "This resource can't be read: " + desired.object.undecodable +
           ". It was stored under another schema; nothing was changed for it. Correct it by "
           "kubectl "
           "edit.";
}

Verdict assess_spec(const Desired& desired, const Observed& observed) {
    if (!desired.object.undecodable.empty()) {
        return Blocked{{Reason::Undecodable, explain_undecodable(desired)}};
    }
    if (desired.name_error) {
        return Blocked{{Reason::InvalidName, *desired.name_error}};
    }
    if (const auto error = find_key_template_error(desired.object.spec.credentials)) {
        return Blocked{{Reason::InvalidKeyTemplate, *error}};
    }
    const auto server = "PostgresServer \"" + desired.object.spec.server_ref.name + "\"";
    switch (observed.server.reference) {
        case ServerReference::Found:
            return Satisfied{{Reason::Succeeded, server + " may be used from this namespace."}};
        case ServerReference::NotFound:
            return Blocked{
                {Reason::ServerNotFound,
                 server +
                     " does not exist. Nothing was changed; create it, or delete this resource "
                     "and create it with another spec.serverRef.name."}};
        case ServerReference::NamespaceNotAllowed:
            return Blocked{
                {Reason::NamespaceNotAllowed,
                 server + " does not allow namespace \"" + desired.object.meta.key.ns.str() +
                     "\". Nothing was changed; ask its owner to add it to "
                     "spec.allowedNamespaces."}};
        case ServerReference::Undecodable:
        case ServerReference::AdminSecretMissing:
        case ServerReference::AdminSecretInvalid:
        case ServerReference::CaMissing:
        case ServerReference::ClientCertificateInvalid:
            break;
    }
    return Blocked{explain_reference(observed.server, desired.object.spec.server_ref.name)};
}

}  // namespace djdb
