/* The variable has a value before the switch, which is right where a section does not change it. */
int port_of(struct uri *uri)
{
    int port = 5060;

    switch (uri->scheme) {
    case SCHEME_SIPS:
        if (uri->secure_already) {
            if (uri->checked)
                mark(uri);
            else
                note(uri);
            break;
        }
        port = 5061;
        break;
    case SCHEME_TEL:
        port = 0;
        break;
    }
    return bind_to(port);
}
