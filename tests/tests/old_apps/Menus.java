import java.awt.*;
import java.io.*;
import java.nio.file.*;
import java.util.*;
import javax.swing.*;

/**
 * A window of Swing with a menu in a menu and a list to choose from. In the directory that it is given it writes where on its
 * window what can be clicked lies now, and what was chosen last.
 */
public class Menus {
    static Path dir;
    static JFrame window = new JFrame("menus of Swing");
    static JMenu outer = new JMenu("Outer"), inner = new JMenu("Inner");
    static JMenuItem chosen = new JMenuItem("Chosen");
    static JComboBox<String> box = new JComboBox<>(new String[] {"first", "second", "third"});

    static void choose(String text) {
        try {
            Files.writeString(dir.resolve("chosen"), text);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    static void place(StringBuilder lines, String name, Component part, Rectangle within) {
        if (part == null || !part.isShowing()) {
            return;
        }
        Point at = part.getLocationOnScreen();
        Point bar = window.getRootPane().getLocationOnScreen();
        int x = at.x + within.x + within.width / 2 - bar.x, y = at.y + within.y + within.height / 2 - bar.y;
        lines.append(name + " " + x + " " + y + "\n");
    }

    static void write() {
        StringBuilder lines = new StringBuilder();
        Component[] parts = {outer, inner, chosen, box};
        String[] names = {"Outer", "Inner", "Chosen", "box"};
        for (int n = 0; n < parts.length; n++) {
            place(lines, names[n], parts[n], new Rectangle(parts[n].getSize()));
        }
        Object popup = box.getUI().getAccessibleChild(box, 0);
        if (popup instanceof javax.swing.plaf.basic.ComboPopup) {
            JList<?> list = ((javax.swing.plaf.basic.ComboPopup) popup).getList();
            for (int n = 0; n < box.getItemCount(); n++) {
                place(lines, box.getItemAt(n), list, list.getCellBounds(n, n));
            }
        }
        try {
            Files.writeString(dir.resolve("new"), lines);
            Files.move(dir.resolve("new"), dir.resolve("places"), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    public static void main(String[] arguments) {
        dir = Path.of(arguments[0]);
        SwingUtilities.invokeLater(() -> {
            JPopupMenu.setDefaultLightWeightPopupEnabled(false);
            outer.add(new JMenuItem("Before"));
            inner.add(new JMenuItem("Above"));
            chosen.addActionListener(event -> choose("Chosen"));
            inner.add(chosen);
            outer.add(inner);
            JMenuBar bar = new JMenuBar();
            bar.add(outer);
            window.setJMenuBar(bar);
            box.addActionListener(event -> choose((String) box.getSelectedItem()));
            window.setLayout(new FlowLayout());
            window.add(box);
            window.setDefaultCloseOperation(JFrame.EXIT_ON_CLOSE);
            window.setSize(500, 300);
            window.setVisible(true);
            new javax.swing.Timer(100, event -> write()).start();
        });
    }
}
