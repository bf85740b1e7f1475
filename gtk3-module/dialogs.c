/* File dialogs of GTK 3 that know no portal.
 *
 * GtkFileChooserNative asks the desktop portal; GtkFileChooserDialog, which LibreOffice and most older apps use, shows
 * files by itself, and inside a sandbox sees none that matter. This module is loaded into every app of GTK 3 inside: when
 * such a dialog is to be shown it asks the portal instead, and answers in the dialog's name.
 *
 * It is a part of the hostile side, with the app's rights and no other: nothing outside relies on it.
 * https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.FileChooser.html
 */

#include <gtk/gtk.h>
#include <string.h>

#ifdef GDK_WINDOWING_WAYLAND
#include <gdk/gdkwayland.h>
#endif
#ifdef GDK_WINDOWING_X11
#include <gdk/gdkx.h>
#endif

#define PORTAL "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define CHOOSER "org.freedesktop.portal.FileChooser"
#define REQUEST "org.freedesktop.portal.Request"

/* Methods of the interface GtkFileChooser as far as they are replaced. Its declaration is in no header that is
 * installed; GTK 3 gets no new methods any more (gtk/gtkfilechooserprivate.h, 3.24). */
typedef struct {
  GTypeInterface parent;
  gpointer set_current_folder;
  GFile *(*get_current_folder) (GtkFileChooser *);
  gpointer set_current_name;
  gchar *(*get_current_name) (GtkFileChooser *);
  gpointer select_file;
  gpointer unselect_file;
  gpointer select_all;
  gpointer unselect_all;
  GSList *(*get_files) (GtkFileChooser *);
} Methods;

static Methods before;
static void (*show_before) (GtkWidget *);

/* One dialog, as long as it lives. */
typedef struct {
  GtkWidget *dialog;
  GDBusConnection *bus;
  /* While the portal shows its own: */
  char *handle;
  guint subscription;
  GCancellable *cancellable;
  GtkWindow *parent;
  gboolean exported;
  GtkWidget *grab;
  /* Filters as they were said, in their order. */
  GPtrArray *filters;
  /* What was picked last. */
  GSList *picked;
} State;

static GQuark quark (void) { return g_quark_from_static_string ("oz-dialog"); }

static State *state_of (gpointer dialog) { return g_object_get_qdata (G_OBJECT (dialog), quark ()); }

static GFile *copy_file (gconstpointer file, gpointer data G_GNUC_UNUSED) { return g_object_ref ((gpointer) file); }

static void forget (State *state) {
  g_slist_free_full (g_steal_pointer (&state->picked), g_object_unref);
}

/* The portal's dialog is gone. */
static void end (State *state) {
  if (state->cancellable != NULL)
    g_cancellable_cancel (state->cancellable);
  g_clear_object (&state->cancellable);
  if (state->subscription != 0)
    g_dbus_connection_signal_unsubscribe (state->bus, state->subscription);
  state->subscription = 0;
  g_clear_pointer (&state->handle, g_free);
  if (state->grab != NULL) {
    gtk_grab_remove (state->grab);
    gtk_widget_destroy (state->grab);
    state->grab = NULL;
  }
  if (state->parent != NULL) {
#ifdef GDK_WINDOWING_WAYLAND
    GdkWindow *window = gtk_widget_get_window (GTK_WIDGET (state->parent));
    if (state->exported && window != NULL)
      gdk_wayland_window_unexport_handle (window);
#endif
    g_object_remove_weak_pointer (G_OBJECT (state->parent), (gpointer *) &state->parent);
    state->parent = NULL;
  }
  state->exported = FALSE;
}

/* The dialog is gone before the portal's. */
static void abandon (State *state) {
  if (state->handle != NULL)
    g_dbus_connection_call (state->bus, PORTAL, state->handle, REQUEST, "Close", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                            NULL, NULL, NULL);
  end (state);
}

static void free_state (gpointer data) {
  State *state = data;
  abandon (state);
  forget (state);
  g_clear_pointer (&state->filters, g_ptr_array_unref);
  g_clear_object (&state->bus);
  g_free (state);
}

/* The first of some responses for which the dialog has a button. */
static int response (GtkWidget *dialog, const int *known, int otherwise) {
  for (; *known != 0; known++)
    if (gtk_dialog_get_widget_for_response (GTK_DIALOG (dialog), *known) != NULL)
      return *known;
  return otherwise;
}

static int accepted (GtkWidget *dialog) {
  const int known[] = { GTK_RESPONSE_ACCEPT, GTK_RESPONSE_OK, GTK_RESPONSE_YES, GTK_RESPONSE_APPLY, 0 };
  return response (dialog, known, GTK_RESPONSE_ACCEPT);
}

static int refused (GtkWidget *dialog) {
  const int known[] = { GTK_RESPONSE_CANCEL, GTK_RESPONSE_CLOSE, GTK_RESPONSE_NO, 0 };
  return response (dialog, known, GTK_RESPONSE_DELETE_EVENT);
}

/* Answers in the name of the dialog; the app may destroy it thereby. The dialog's own handler is the first one, from when
 * it was made, and would let nothing pass that is not picked in the widget itself. */
static void answer (State *state, gboolean yes) {
  g_autoptr (GtkWidget) dialog = g_object_ref (state->dialog);
  guint signal = g_signal_lookup ("response", GTK_TYPE_DIALOG);
  gulong own = g_signal_handler_find (dialog, G_SIGNAL_MATCH_ID, signal, 0, NULL, NULL, NULL);
  end (state);
  if (own != 0)
    g_signal_handler_block (dialog, own);
  gtk_dialog_response (GTK_DIALOG (dialog), yes ? accepted (dialog) : refused (dialog));
  if (own != 0 && g_signal_handler_is_connected (dialog, own))
    g_signal_handler_unblock (dialog, own);
}

/* It cannot be asked: the dialog is shown as ever. */
static void give_up (State *state, const char *why) {
  GtkWidget *dialog = state->dialog;
  g_debug ("no dialog of the desktop: %s", why);
  end (state);
  show_before (dialog);
}

static void choose_filter (State *state, GVariant *results) {
  g_autoptr (GVariant) chosen = g_variant_lookup_value (results, "current_filter", G_VARIANT_TYPE ("(sa(us))"));
  if (chosen == NULL)
    return;
  g_autoptr (GSList) all = gtk_file_chooser_list_filters (GTK_FILE_CHOOSER (state->dialog));
  guint at = 0;
  for (GSList *each = all; each != NULL && at < state->filters->len; each = each->next, at++) {
    GVariant *said = g_ptr_array_index (state->filters, at);
    if (g_variant_equal (said, chosen)) {
      gtk_file_chooser_set_filter (GTK_FILE_CHOOSER (state->dialog), each->data);
      return;
    }
  }
}

/* A file that is to be written is there already, made when it was picked. Apps that ask by themselves whether to replace
 * what is there would ask about it, so what is empty goes: its place stays theirs to write. */
static void make_room (State *state) {
  if (gtk_file_chooser_get_action (GTK_FILE_CHOOSER (state->dialog)) != GTK_FILE_CHOOSER_ACTION_SAVE)
    return;
  for (GSList *each = state->picked; each != NULL; each = each->next) {
    g_autoptr (GFileInfo) info = g_file_query_info (each->data, G_FILE_ATTRIBUTE_STANDARD_SIZE,
                                                    G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
    if (info != NULL && g_file_info_get_size (info) == 0)
      g_file_delete (each->data, NULL, NULL);
  }
}

static void on_response (GDBusConnection *bus G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                         const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED,
                         const char *signal G_GNUC_UNUSED, GVariant *parameters, gpointer data) {
  State *state = data;
  guint32 code = 2;
  g_autoptr (GVariant) results = NULL;
  if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ua{sv})")))
    g_variant_get (parameters, "(u@a{sv})", &code, &results);
  g_autofree const char **uris = NULL;
  if (code == 0 && g_variant_lookup (results, "uris", "^a&s", &uris))
    for (const char **uri = uris; *uri != NULL; uri++)
      state->picked = g_slist_append (state->picked, g_file_new_for_uri (*uri));
  if (state->picked != NULL) {
    choose_filter (state, results);
    make_room (state);
  }
  answer (state, state->picked != NULL);
}

static void on_called (GObject *bus, GAsyncResult *result, gpointer data) {
  State *state = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) handle = g_dbus_connection_call_finish (G_DBUS_CONNECTION (bus), result, &error);
  /* Then the state may be gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (handle == NULL)
    give_up (state, error->message);
}

/* Apps that match names by code of their own say in the filter's name what for: "Text (*.odt *.txt)". */
static GVariant *patterns_in (const char *name) {
  GVariantBuilder rules;
  gboolean any = FALSE;
  g_variant_builder_init (&rules, G_VARIANT_TYPE ("a(us)"));
  g_auto (GStrv) words = g_strsplit_set (name, " ;,()", -1);
  for (char **word = words; *word != NULL; word++) {
    const char *end = *word[0] == '*' ? *word + 1 : *word;
    if (end[0] != '.' || end[1] == '\0')
      continue;
    g_autofree char *pattern = g_strconcat ("*", end, NULL);
    g_variant_builder_add (&rules, "(us)", 0, pattern);
    any = TRUE;
  }
  GVariant *all = g_variant_ref_sink (g_variant_builder_end (&rules));
  if (any)
    return all;
  g_variant_unref (all);
  return NULL;
}

/* As the portal takes it; none of what would match nothing. */
static GVariant *filter_said (GtkFileFilter *filter) {
  g_autoptr (GVariant) said = g_variant_ref_sink (gtk_file_filter_to_gvariant (filter));
  g_autoptr (GVariant) rules = g_variant_get_child_value (said, 1);
  if (g_variant_n_children (rules) > 0)
    return g_steal_pointer (&said);
  const char *name = gtk_file_filter_get_name (filter);
  g_autoptr (GVariant) patterns = name != NULL ? patterns_in (name) : NULL;
  return patterns != NULL ? g_variant_ref_sink (g_variant_new ("(s@a(us))", name, patterns)) : NULL;
}

static void add_filters (State *state, GVariantBuilder *options) {
  GtkFileFilter *current = gtk_file_chooser_get_filter (GTK_FILE_CHOOSER (state->dialog));
  g_autoptr (GSList) all = gtk_file_chooser_list_filters (GTK_FILE_CHOOSER (state->dialog));
  GVariantBuilder list;
  GVariant *now = NULL;
  guint count = 0;
  g_clear_pointer (&state->filters, g_ptr_array_unref);
  state->filters = g_ptr_array_new ();
  g_ptr_array_set_free_func (state->filters, (GDestroyNotify) g_variant_unref);
  g_variant_builder_init (&list, G_VARIANT_TYPE ("a(sa(us))"));
  for (GSList *each = all; each != NULL; each = each->next) {
    GVariant *said = filter_said (each->data);
    if (said == NULL) {
      /* An entry all the same, so that their places stay. */
      g_ptr_array_add (state->filters, g_variant_ref_sink (g_variant_new_boolean (FALSE)));
      continue;
    }
    g_ptr_array_add (state->filters, said);
    g_variant_builder_add_value (&list, said);
    count++;
    if (each->data == current)
      now = said;
  }
  if (count > 0)
    g_variant_builder_add (options, "{sv}", "filters", g_variant_builder_end (&list));
  else
    g_variant_builder_clear (&list);
  if (now != NULL)
    g_variant_builder_add (options, "{sv}", "current_filter", now);
}

static void call (State *state, const char *parent) {
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (state->dialog);
  GtkFileChooserAction action = gtk_file_chooser_get_action (chooser);
  gboolean saves = action == GTK_FILE_CHOOSER_ACTION_SAVE;
  const char *title = gtk_window_get_title (GTK_WINDOW (state->dialog));
  g_autofree char *token = g_strdup_printf ("oz%08x", g_random_int ());
  g_autofree char *sender = g_strdup (g_dbus_connection_get_unique_name (state->bus) + 1);
  g_strdelimit (sender, ".", '_');
  state->handle = g_strconcat (PORTAL_PATH "/request/", sender, "/", token, NULL);
  state->subscription = g_dbus_connection_signal_subscribe (state->bus, PORTAL, REQUEST, "Response", state->handle, NULL,
                                                            G_DBUS_SIGNAL_FLAGS_NONE, on_response, state, NULL);
  GVariantBuilder options;
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "handle_token", g_variant_new_string (token));
  g_variant_builder_add (&options, "{sv}", "modal",
                         g_variant_new_boolean (gtk_window_get_modal (GTK_WINDOW (state->dialog))));
  g_variant_builder_add (&options, "{sv}", "multiple",
                         g_variant_new_boolean (gtk_file_chooser_get_select_multiple (chooser)));
  g_variant_builder_add (&options, "{sv}", "directory",
                         g_variant_new_boolean (action == GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER));
  GtkWidget *button = gtk_dialog_get_widget_for_response (GTK_DIALOG (state->dialog), accepted (state->dialog));
  const char *label = GTK_IS_BUTTON (button) ? gtk_button_get_label (GTK_BUTTON (button)) : NULL;
  /* Names of stock items are no words. */
  if (label != NULL && !g_str_has_prefix (label, "gtk-"))
    g_variant_builder_add (&options, "{sv}", "accept_label", g_variant_new_string (label));
  add_filters (state, &options);
  g_autoptr (GFile) folder = before.get_current_folder (chooser);
  g_autofree char *path = folder != NULL ? g_file_get_path (folder) : NULL;
  if (path != NULL)
    g_variant_builder_add (&options, "{sv}", "current_folder", g_variant_new_bytestring (path));
  g_autofree char *name = saves ? before.get_current_name (chooser) : NULL;
  if (name != NULL && name[0] != '\0')
    g_variant_builder_add (&options, "{sv}", "current_name", g_variant_new_string (name));
  state->cancellable = g_cancellable_new ();
  g_dbus_connection_call (state->bus, PORTAL, PORTAL_PATH, CHOOSER, saves ? "SaveFile" : "OpenFile",
                          g_variant_new ("(ssa{sv})", parent, title != NULL ? title : "", &options),
                          G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT, state->cancellable, on_called, state);
}

#ifdef GDK_WINDOWING_WAYLAND
static void on_exported (GdkWindow *window G_GNUC_UNUSED, const char *handle, gpointer dialog) {
  State *state = state_of (dialog);
  if (state == NULL || state->handle != NULL)
    return;
  g_autofree char *parent = g_strconcat ("wayland:", handle, NULL);
  call (state, parent);
}
#endif

/* Asks with a name of the window that the dialog belongs to, if it has one. */
static void ask (State *state) {
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (state->dialog));
  GdkWindow *window = parent != NULL ? gtk_widget_get_window (GTK_WIDGET (parent)) : NULL;
  if (gtk_window_get_modal (GTK_WINDOW (state->dialog))) {
    state->grab = gtk_invisible_new_for_screen (gtk_widget_get_screen (state->dialog));
    gtk_grab_add (state->grab);
  }
  if (window != NULL) {
    state->parent = parent;
    g_object_add_weak_pointer (G_OBJECT (parent), (gpointer *) &state->parent);
  }
#ifdef GDK_WINDOWING_WAYLAND
  if (window != NULL && GDK_IS_WAYLAND_WINDOW (window)) {
    state->exported = gdk_wayland_window_export_handle (window, on_exported, g_object_ref (state->dialog), g_object_unref);
    if (state->exported)
      return;
  }
#endif
#ifdef GDK_WINDOWING_X11
  if (window != NULL && GDK_IS_X11_WINDOW (window)) {
    g_autofree char *name = g_strdup_printf ("x11:%lx", (gulong) GDK_WINDOW_XID (window));
    call (state, name);
    return;
  }
#endif
  call (state, "");
}

static void show (GtkWidget *dialog) {
  GtkFileChooserAction action = gtk_file_chooser_get_action (GTK_FILE_CHOOSER (dialog));
  State *state = state_of (dialog);
  if (state == NULL) {
    GDBusConnection *bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
    if (bus == NULL || action == GTK_FILE_CHOOSER_ACTION_CREATE_FOLDER) {
      g_clear_object (&bus);
      show_before (dialog);
      return;
    }
    state = g_new0 (State, 1);
    state->dialog = dialog;
    state->bus = bus;
    g_object_set_qdata_full (G_OBJECT (dialog), quark (), state, free_state);
    g_signal_connect_swapped (dialog, "destroy", G_CALLBACK (abandon), state);
  }
  if (state->cancellable != NULL || state->exported)
    return;
  forget (state);
  /* Apps do things to the window of what they have shown; it is there then, and the host never sees it. */
  gtk_widget_realize (dialog);
  ask (state);
}

static GSList *get_files (GtkFileChooser *chooser) {
  State *state = state_of (chooser);
  if (state == NULL || state->picked == NULL)
    return before.get_files (chooser);
  return g_slist_copy_deep (state->picked, (GCopyFunc) copy_file, NULL);
}

static GFile *get_current_folder (GtkFileChooser *chooser) {
  State *state = state_of (chooser);
  if (state == NULL || state->picked == NULL)
    return before.get_current_folder (chooser);
  return g_file_get_parent (state->picked->data);
}

static gchar *get_current_name (GtkFileChooser *chooser) {
  State *state = state_of (chooser);
  if (state == NULL || state->picked == NULL)
    return before.get_current_name (chooser);
  return g_file_get_basename (state->picked->data);
}

G_MODULE_EXPORT void gtk_module_init (int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED);

G_MODULE_EXPORT void gtk_module_init (int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED) {
  /* Neither class nor module is ever unloaded. */
  GtkWidgetClass *widget = g_type_class_ref (GTK_TYPE_FILE_CHOOSER_DIALOG);
  Methods *methods = g_type_interface_peek (widget, GTK_TYPE_FILE_CHOOSER);
  if (methods == NULL || gtk_get_major_version () != 3 || gtk_get_minor_version () != 24)
    return;
  before = *methods;
  methods->get_files = get_files;
  methods->get_current_folder = get_current_folder;
  methods->get_current_name = get_current_name;
  show_before = widget->show;
  widget->show = show;
}
