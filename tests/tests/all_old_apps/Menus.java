import java.awt.*;
import java.io.IOException;
import java.nio.file.*;
import java.util.*;
import javax.swing.*;
import javax.swing.plaf.basic.ComboPopup;

/** A window of Swing, as menus_qt.py has one of Qt. */
public class Menus {
    static JFrame window = new JFrame("menus of Swing");
    static JComboBox<String> box = new JComboBox<>(new String[] {"first", "second", "third"});
    static Path directory;

    public static void main(String[] words) {
        directory = Paths.get(words[0]);
        SwingUtilities.invokeLater(Menus::show);
    }

    static void show() {
        JMenu outer = new JMenu("Outer");
        JMenu inner = new JMenu("Inner");
        outer.add("Before");
        outer.add(inner);
        inner.add("Above");
        inner.add("Chosen").addActionListener(event -> write("chosen", "Chosen"));
        JMenuBar bar = new JMenuBar();
        bar.add(outer);
        window.setJMenuBar(bar);
        box.addActionListener(event -> write("chosen", (String) box.getSelectedItem()));
        JPanel panel = new JPanel();
        panel.add(box);
        window.add(panel);
        window.setSize(500, 300);
        window.setDefaultCloseOperation(JFrame.EXIT_ON_CLOSE);
        window.setVisible(true);
        new javax.swing.Timer(100, event -> places(outer, inner)).start();
    }

    /** Each with its middle, as far as it is shown. */
    static void places(JMenu outer, JMenu inner) {
        StringBuilder text = new StringBuilder();
        ArrayList<Component> all = new ArrayList<>(Arrays.asList(outer, inner));
        Collections.addAll(all, inner.getMenuComponents());
        for (Component component : all) {
            if (component.isShowing()) {
                Rectangle rect = new Rectangle(component.getSize());
                text.append(line(((AbstractButton) component).getText(), component, rect));
            }
        }
        if (box.isShowing()) {
            text.append(line("box", box, new Rectangle(box.getSize())));
        }
        JList<?> list = ((ComboPopup) box.getUI().getAccessibleChild(box, 0)).getList();
        for (int row = 0; row < box.getItemCount() && list.isShowing(); row++) {
            text.append(line(box.getItemAt(row), list, list.getCellBounds(row, row)));
        }
        write("places", text.toString());
    }

    static String line(String name, Component in, Rectangle rect) {
        Point at = in.getLocationOnScreen();
        Point zero = window.getRootPane().getLocationOnScreen();
        int x = at.x - zero.x + rect.x + rect.width / 2;
        int y = at.y - zero.y + rect.y + rect.height / 2;
        return name + " " + x + " " + y + "\n";
    }

    static void write(String name, String text) {
        try {
            Path fresh = directory.resolve("new-" + name);
            Files.writeString(fresh, text);
            Files.move(fresh, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException error) {
            throw new RuntimeException(error);
        }
    }
}
